/** Every capability, at the place of its number. */
const byNumber = `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT
  SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
  WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`;

export const allCapabilities: readonly string[] = byNumber.split(/\s+/).map((name) => `CAP_${name}`);

/** What a RUN may do as root: own files as it likes, become other users, but nothing to the machine. */
export const defaultCapabilities: readonly string[] =
  `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE`
    .split(' ')
    .map((name) => `CAP_${name}`);

/** A bit for each capability, as in `CapEff` of /proc/self/status. */
export function capabilityMask(names: Iterable<string>): bigint {
  let mask = 0n;
  for (const name of names) mask |= 1n << BigInt(allCapabilities.indexOf(name));
  return mask;
}

/** The capabilities this process could hand on (its bounding set), from the text of /proc/self/status. */
export function boundingSet(status: string): readonly string[] {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const mask = hex === undefined ? 0n : BigInt(`0x${hex}`);
  return allCapabilities.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}
