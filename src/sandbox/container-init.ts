/** What the first process of an `unshare` sandbox does before it becomes the wanted program. */
export interface InitPlan {
  readonly bridge: string;
  readonly failureFile: string;
  readonly root: string;
  readonly hostname: string;
  readonly mounts: readonly {
    readonly destination: string;
    readonly type: string;
    readonly source: string;
    readonly flags: number;
    readonly data: string;
    /** Bind mounts take their flags in a second call. */
    readonly isBind: boolean;
    readonly isFile: boolean;
    /** Some kernels or outer sandboxes refuse it, and the process can do without. */
    readonly isOptional: boolean;
  }[];
  readonly devices: readonly string[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly hasOwnNetwork: boolean;
  /** Numbers as setrlimit(2) has them. */
  readonly rlimits: readonly { readonly resource: number; readonly soft: number; readonly hard: number }[];
  readonly lastCapability: number;
  /** A bit for each capability that stays, as decimal text. */
  readonly capabilities: string;
  readonly keepsAmbient: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly systemCalls: { readonly pivotRoot: number; readonly capset: number };
}

/** What `containerInit` leaves in `failureFile` when it does not get as far as the program. */
export interface InitFailure {
  readonly step: string;
  readonly errno: number;
}

interface Bridge {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => number };
  errno(): number;
}

/**
 * Runs in a fresh Node, as process 1 of new pid, mount, ipc and uts namespaces: makes `plan.root` the root, mounts, gives up
 * rights, and turns into the program. Its text is handed to that Node, so it may use nothing from outside of itself.
 */
export function containerInit(plan: InitPlan, require: (name: string) => unknown): void {
  const fs = require('node:fs') as typeof import('node:fs');
  const koffi = require(plan.bridge) as Bridge;
  const libc = koffi.load(null);
  const failureFd = fs.openSync(plan.failureFile, 'w');
  let step = 'start';

  const must = (result: number): number => {
    if (result !== -1) return result;
    throw Object.assign(new Error(step), { errno: -koffi.errno() });
  };
  const mountCall = libc.func('mount', 'int', ['str', 'str', 'str', 'unsigned long', 'str']);
  const umountCall = libc.func('umount2', 'int', ['str', 'int']);
  const prctl = libc.func('prctl', 'int', ['int', 'unsigned long', 'unsigned long', 'unsigned long', 'unsigned long']);
  const flags = { readonly: 1, remount: 32, bind: 4096, recursive: 16384, slave: 1 << 19 };
  const handle = 0o10000000; // O_PATH

  const make = (path: string, isFile: boolean): void => {
    if (fs.existsSync(path)) return;
    fs.mkdirSync(isFile ? path.slice(0, path.lastIndexOf('/')) || '/' : path, { recursive: true });
    if (isFile) fs.closeSync(fs.openSync(path, 'a'));
  };
  const bind = (fd: number, target: string): void => {
    must(mountCall(`/proc/self/fd/${fd}`, target, null, flags.bind | flags.recursive, null));
  };
  const remount = (target: string, more: number): void => {
    must(mountCall(null, target, null, flags.remount | flags.bind | more, null));
  };

  const enterRoot = (): { oldRoot: number; sources: Map<string, number> } => {
    step = 'pivot_root';
    must(mountCall(null, '/', null, flags.recursive | flags.slave, null));
    must(mountCall(plan.root, plan.root, null, flags.bind | flags.recursive, null));
    const sources = new Map<string, number>();
    for (const source of [
      ...plan.devices,
      '/dev/null',
      ...plan.mounts.filter(({ isBind }) => isBind).map((each) => each.source),
    ]) {
      step = `open ${source}`;
      if (!sources.has(source)) sources.set(source, fs.openSync(source, handle));
    }
    step = 'pivot_root';
    const oldRoot = fs.openSync('/', handle);
    process.chdir(plan.root);
    must(libc.func('syscall', 'long', ['long', 'str', 'str'])(plan.systemCalls.pivotRoot, '.', '.'));
    process.chdir('/');
    return { oldRoot, sources };
  };

  const mountAll = (sources: Map<string, number>): void => {
    for (const mount of plan.mounts) {
      step = `mount ${mount.destination}`;
      try {
        make(mount.destination, mount.isFile);
        if (mount.isBind) {
          bind(sources.get(mount.source) ?? -1, mount.destination);
          if (mount.flags !== 0) remount(mount.destination, mount.flags);
        } else must(mountCall(mount.source, mount.destination, mount.type, mount.flags, mount.data));
      } catch (error) {
        if (!mount.isOptional) throw error;
      }
      if (mount.destination === '/dev') makeDevices(sources);
    }
  };

  const makeDevices = (sources: Map<string, number>): void => {
    for (const device of plan.devices) {
      make(device, true);
      bind(sources.get(device) ?? -1, device);
    }
    for (const [number, name] of ['stdin', 'stdout', 'stderr'].entries())
      fs.symlinkSync(`/proc/self/fd/${number}`, `/dev/${name}`);
    fs.symlinkSync('/proc/self/fd', '/dev/fd');
    fs.symlinkSync('pts/ptmx', '/dev/ptmx');
  };

  const hide = (nullDevice: number): void => {
    for (const path of plan.maskedPaths) {
      step = `mask ${path}`;
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) must(mountCall('tmpfs', path, 'tmpfs', flags.readonly, ''));
      else bind(nullDevice, path);
    }
    for (const path of plan.readonlyPaths) {
      step = `protect ${path}`;
      if (!fs.existsSync(path)) continue;
      must(mountCall(path, path, null, flags.bind | flags.recursive, null));
      remount(path, flags.readonly | 2 | 4 | 8);
    }
  };

  const leaveOldRoot = (oldRoot: number): void => {
    step = 'leave the old root';
    must(libc.func('fchdir', 'int', ['int'])(oldRoot));
    must(umountCall('.', 2));
    process.chdir('/');
  };

  const upLoopback = (): void => {
    step = 'loopback';
    const socket = must(libc.func('socket', 'int', ['int', 'int', 'int'])(2, 2 | 0o2000000, 0));
    const request = Buffer.alloc(40);
    request.write('lo');
    request.writeInt16LE(0x41, 16); // up, running
    must(libc.func('ioctl', 'int', ['int', 'unsigned long', 'void *'])(socket, 0x8914, request));
  };

  const limit = (): void => {
    const setrlimit = libc.func('setrlimit', 'int', ['int', 'void *']);
    for (const { resource, soft, hard } of plan.rlimits) {
      step = 'setrlimit';
      const values = Buffer.alloc(16);
      for (const [index, value] of [soft, hard].entries())
        values.writeBigUInt64LE(value < 0 ? 0xffffffffffffffffn : BigInt(value), index * 8);
      must(setrlimit(resource, values));
    }
  };

  const findProgram = (): string => {
    const program = plan.args[0] ?? '';
    step = `exec ${program}`;
    if (program.includes('/')) return program;
    const path = plan.env.find((variable) => variable.startsWith('PATH='))?.slice(5) ?? '';
    for (const directory of path.split(':')) {
      try {
        fs.accessSync(`${directory}/${program}`, fs.constants.X_OK);
        return `${directory}/${program}`;
      } catch {
        // Not this one.
      }
    }
    throw Object.assign(new Error(step), { errno: -2 });
  };

  const dropRights = (): void => {
    step = 'give up capabilities';
    const kept = BigInt(plan.capabilities);
    for (let number = 0; number <= plan.lastCapability; number++) {
      if ((kept & (1n << BigInt(number))) === 0n) prctl(24, number, 0, 0, 0); // PR_CAPBSET_DROP; fails where it is absent already
    }
    prctl(47, 4, 0, 0, 0); // PR_CAP_AMBIENT_CLEAR_ALL
    step = 'change user';
    const groups = Buffer.alloc(plan.additionalGids.length * 4);
    for (const [index, gid] of plan.additionalGids.entries()) groups.writeUInt32LE(gid, index * 4);
    must(libc.func('setgroups', 'int', ['size_t', 'void *'])(plan.additionalGids.length, groups));
    must(libc.func('setresgid', 'int', ['uint', 'uint', 'uint'])(plan.gid, plan.gid, plan.gid));
    const header = Buffer.alloc(8);
    header.writeUInt32LE(0x20080522, 0); // version 3
    const data = Buffer.alloc(24);
    const inheritable = plan.keepsAmbient ? kept : 0n;
    for (const [index, set] of [kept, kept, inheritable].entries()) {
      data.writeUInt32LE(Number(set & 0xffffffffn), index * 4);
      data.writeUInt32LE(Number(set >> 32n), 12 + index * 4);
    }
    must(libc.func('syscall', 'long', ['long', 'void *', 'void *'])(plan.systemCalls.capset, header, data));
    if (plan.keepsAmbient) prctl(8, 1, 0, 0, 0); // PR_SET_KEEPCAPS
    must(libc.func('setresuid', 'int', ['uint', 'uint', 'uint'])(plan.uid, plan.uid, plan.uid));
    if (!plan.keepsAmbient) return;
    for (let number = 0; number <= plan.lastCapability; number++) {
      if ((kept & (1n << BigInt(number))) !== 0n) prctl(47, 2, number, 0, 0); // PR_CAP_AMBIENT_RAISE
    }
  };

  try {
    const { oldRoot, sources } = enterRoot();
    mountAll(sources);
    hide(sources.get('/dev/null') ?? -1);
    leaveOldRoot(oldRoot);
    step = 'sethostname';
    must(libc.func('sethostname', 'int', ['str', 'size_t'])(plan.hostname, Buffer.byteLength(plan.hostname)));
    if (plan.hasOwnNetwork) upLoopback();
    limit();
    step = `chdir ${plan.cwd}`;
    fs.mkdirSync(plan.cwd, { recursive: true });
    process.chdir(plan.cwd);
    process.umask(0o022);
    const program = findProgram();
    libc.func('signal', 'void *', ['int', 'void *'])(13, null); // Node ignores SIGPIPE; a program must not inherit that
    const fcntl = libc.func('fcntl', 'int', ['int', 'int', 'int']);
    for (const fd of [0, 1, 2]) fcntl(fd, 2, 0); // Node lets them close on exec (F_SETFD)
    dropRights();
    step = `exec ${program}`;
    must(
      libc.func('execve', 'int', ['str', 'const char **', 'const char **'])(program, [...plan.args, null], [...plan.env, null]),
    );
  } catch (error) {
    const errno = Math.abs((error as { errno?: number }).errno ?? 0);
    fs.writeSync(failureFd, JSON.stringify({ step, errno }));
    process.exit(127);
  }
}
