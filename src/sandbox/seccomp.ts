/** One rule of a seccomp profile as the OCI runtime spec has it. */
interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}

export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

/** Allowed whatever the process may do. ptrace and its like are safe behind a filter since Linux 4.8, older than any Node runs on. */
const always = `
  accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64
  clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range
  connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
  epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64
  fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr
  flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue
  futex_time64 futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32
  getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid
  getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid
  gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl
  io_destroy io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat
  llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret
  mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive
  mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock
  munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal
  pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
  pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
  recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall riscv_hwprobe
  rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max
  sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
  sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
  sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer
  setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit
  set_robust_list setsid setsockopt set_thread_area set_tid_address setuid setuid32 setxattr setxattrat shmat shmctl shmdt
  shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64
  statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
  timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime
  utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
  process_vm_readv process_vm_writev ptrace`;

interface Condition {
  readonly names: string;
  /** Any of these machines (Node's names); default: all. */
  readonly arch?: string;
  /** With this capability; `-NAME`: without it. */
  readonly capability?: string;
  readonly arg?: { readonly index: number; readonly op: string; readonly value: number; readonly valueTwo?: number };
  /** Refuse with this error instead. */
  readonly errno?: number;
}

const namespaceFlags = 0x7e020000;

const conditional: readonly Condition[] = [
  // Not AF_ALG (38), not AF_VSOCK (40).
  { names: 'socket', arg: { index: 0, op: 'LT', value: 38 } },
  { names: 'socket', arg: { index: 0, op: 'EQ', value: 39 } },
  { names: 'socket', arg: { index: 0, op: 'GT', value: 40 } },
  ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => ({ names: 'personality', arg: { index: 0, op: 'EQ', value } })),
  { names: 'sync_file_range2 swapcontext', arch: 'ppc64' },
  { names: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls', arch: 'arm arm64' },
  { names: 'arch_prctl', arch: 'x64' },
  { names: 'modify_ldt', arch: 'x64 ia32' },
  { names: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr', arch: 's390x' },
  { names: 'riscv_flush_icache', arch: 'riscv64' },
  { names: 'open_by_handle_at', capability: 'CAP_DAC_READ_SEARCH' },
  {
    names: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
      lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname
      setns syslog umount umount2 unshare`,
    capability: 'CAP_SYS_ADMIN',
  },
  // Threads and forks, but no new namespaces.
  {
    names: 'clone',
    arch: 'x64 ia32 arm arm64 ppc64 riscv64 loong64 mips64el',
    capability: '-CAP_SYS_ADMIN',
    arg: { index: 0, op: 'MASKED_EQ', value: namespaceFlags, valueTwo: 0 },
  },
  {
    names: 'clone',
    arch: 's390x',
    capability: '-CAP_SYS_ADMIN',
    arg: { index: 1, op: 'MASKED_EQ', value: namespaceFlags, valueTwo: 0 },
  },
  // Its flags lie in memory, out of a filter's sight; ENOSYS makes C libraries take clone instead.
  { names: 'clone3', capability: '-CAP_SYS_ADMIN', errno: 38 },
  { names: 'reboot', capability: 'CAP_SYS_BOOT' },
  { names: 'chroot', capability: 'CAP_SYS_CHROOT' },
  { names: 'delete_module init_module finit_module', capability: 'CAP_SYS_MODULE' },
  { names: 'acct', capability: 'CAP_SYS_PACCT' },
  { names: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace', capability: 'CAP_SYS_PTRACE' },
  { names: 'iopl ioperm', capability: 'CAP_SYS_RAWIO' },
  { names: 'settimeofday stime clock_settime clock_settime64', capability: 'CAP_SYS_TIME' },
  { names: 'vhangup', capability: 'CAP_SYS_TTY_CONFIG' },
  { names: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node', capability: 'CAP_SYS_NICE' },
  { names: 'syslog', capability: 'CAP_SYSLOG' },
  { names: 'bpf', capability: 'CAP_BPF' },
  { names: 'perf_event_open', capability: 'CAP_PERFMON' },
];

/** The machine's own system call table and those it also runs, first the native one. By Node's names. */
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  arm: ['SCMP_ARCH_ARM'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  ppc64: ['SCMP_ARCH_PPC64LE'],
  riscv64: ['SCMP_ARCH_RISCV64'],
};

/**
 * Which system calls a RUN may make: all that an ordinary program needs, and none that reaches beyond its namespaces.
 * `arch` is Node's name of the machine. Names that a runtime's library does not know are passed over by it.
 */
export function seccompProfile(arch: string, capabilities: ReadonlySet<string>): SeccompProfile {
  const syscalls: SeccompRule[] = [{ names: words(always), action: 'SCMP_ACT_ALLOW' }];
  for (const { names, arg, errno, ...when } of conditional) {
    if (!holds(when, arch, capabilities)) continue;
    syscalls.push({
      names: words(names),
      ...(errno === undefined ? { action: 'SCMP_ACT_ALLOW' } : { action: 'SCMP_ACT_ERRNO', errnoRet: errno }),
      ...(arg === undefined ? {} : { args: [{ ...arg, op: `SCMP_CMP_${arg.op}` }] }),
    });
  }
  return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, architectures: architectures[arch] ?? [], syscalls };
}

function holds(when: Pick<Condition, 'arch' | 'capability'>, arch: string, capabilities: ReadonlySet<string>): boolean {
  if (when.arch !== undefined && !words(when.arch).includes(arch)) return false;
  if (when.capability === undefined) return true;
  return when.capability.startsWith('-') ? !capabilities.has(when.capability.slice(1)) : capabilities.has(when.capability);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
