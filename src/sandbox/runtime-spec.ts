import { allCapabilities, defaultCapabilities } from './capabilities.ts';
import type { ResourceLimits, SandboxMount, SandboxProcess } from './ports.ts';
import { type SeccompProfile, seccompProfile } from './seccomp.ts';

/** What the machine gives, as far as the spec depends on it. */
export interface SpecHost {
  /** Node's name of the machine: `x64`. */
  readonly arch: string;
  /** Capabilities that may be handed on; those beyond are left out. */
  readonly capabilities: readonly string[];
  /** One cgroup tree (version 2), which can be shown as a namespace. */
  readonly hasUnifiedCgroups: boolean;
  /** May the runtime make a cgroup? */
  readonly canMakeCgroups: boolean;
  /** Device nodes for `--security=insecure`. */
  readonly devices: readonly DeviceNode[];
  /** Is standard input a terminal? Asked only for an interactive process. */
  readonly hasTerminal: boolean;
}

export interface DeviceNode {
  readonly path: string;
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  readonly fileMode: number;
  /** Default: the process's. */
  readonly uid?: number;
  readonly gid?: number;
  /** Of `r`, `w` and `m`. Default: all. */
  readonly permissions?: string;
}

interface SpecDevice extends Omit<DeviceNode, 'permissions'> {}

interface DeviceRule {
  readonly allow: boolean;
  readonly access: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
}

interface SpecHook {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly timeout?: number;
}

interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The parts of the OCI runtime config that a RUN uses. @see runtime-spec config.md, config-linux.md */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Readonly<Record<string, readonly string[]>>;
    readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
    readonly noNewPrivileges: boolean;
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly hooks?: Readonly<Record<string, readonly SpecHook[]>>;
  readonly mounts: readonly SpecMount[];
  readonly linux: {
    readonly cgroupsPath?: string;
    readonly namespaces: readonly { readonly type: string }[];
    readonly resources: {
      readonly devices: readonly DeviceRule[];
      readonly memory?: { readonly limit?: number; readonly swap?: number };
      readonly cpu?: Readonly<Record<string, number | string>>;
    };
    readonly devices?: readonly SpecDevice[];
    readonly seccomp?: SeccompProfile;
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
  };
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const maskedPaths: readonly string[] = [
  ...['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'].map(
    (name) => `/proc/${name}`,
  ),
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const readonlyPaths: readonly string[] = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** The OCI runtime config of one process; `id` names its cgroup where a parent is asked for. */
export function runtimeSpec(process: SandboxProcess, host: SpecHost, id: string): RuntimeSpec {
  const { insecure } = process;
  const held = (insecure ? allCapabilities : defaultCapabilities).filter((name) => host.capabilities.includes(name));
  const sets = insecure
    ? ['bounding', 'permitted', 'effective', 'inheritable', 'ambient']
    : ['bounding', 'permitted', 'effective'];
  const { uid, gid, additionalGids, devices = [], hooks = [] } = process;
  const nodes = [...(insecure ? host.devices : []), ...devices.map((node) => specDevice(node, process))];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: process.interactive === true && host.hasTerminal,
      user: { uid, gid, additionalGids },
      args: process.args,
      env: environment(process.env),
      cwd: process.cwd === '' ? '/' : process.cwd,
      capabilities: Object.fromEntries(sets.map((set) => [set, held])),
      rlimits: process.ulimits.map(({ name, soft, hard }) => ({ type: rlimitName(name), soft, hard })),
      noNewPrivileges: false,
    },
    root: { path: process.root, readonly: false },
    hostname: process.hostname,
    ...(hooks.length === 0 ? {} : { hooks: specHooks(hooks) }),
    mounts: [...systemMounts(process, host), ...process.mounts.map(specMount)],
    linux: {
      ...(process.cgroupParent === undefined || process.cgroupParent === ''
        ? {}
        : { cgroupsPath: `${process.cgroupParent}/${id}` }),
      namespaces: namespaces(process, host).map((type) => ({ type })),
      resources: {
        devices: [{ allow: insecure, access: 'rwm' }, ...devices.flatMap(deviceRules)],
        ...specLimits(process.limits),
      },
      ...(nodes.length === 0 ? {} : { devices: nodes }),
      ...(insecure ? {} : { seccomp: seccompProfile(host.arch, new Set(held)), maskedPaths, readonlyPaths }),
    },
  };
}

/** A node belongs to who runs, as far as nothing else is said. */
function specDevice({ path, type, major, minor, fileMode, ...owner }: DeviceNode, { uid, gid }: SandboxProcess): SpecDevice {
  return { path, type, major, minor, fileMode, uid: owner.uid ?? uid, gid: owner.gid ?? gid };
}

function deviceRules({ type, major, minor, permissions = 'rwm' }: DeviceNode): readonly DeviceRule[] {
  return type === 'p' ? [] : [{ allow: true, type, major, minor, access: permissions }];
}

function specHooks(hooks: NonNullable<SandboxProcess['hooks']>): Readonly<Record<string, readonly SpecHook[]>> {
  const byName: Record<string, SpecHook[]> = {};
  for (const { hookName, path, args, env, timeout } of hooks)
    (byName[hookName] ??= []).push({ path, args, env, ...(timeout === undefined ? {} : { timeout }) });
  return byName;
}

function specLimits(limits: ResourceLimits = {}): Pick<RuntimeSpec['linux']['resources'], 'memory' | 'cpu'> {
  const given = <T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
      [K in keyof T]?: NonNullable<T[K]>;
    };
  const memory = given({ limit: limits.memoryBytes, swap: limits.memorySwapBytes });
  const cpu = given({
    shares: limits.cpuShares,
    period: limits.cpuPeriodUs,
    quota: limits.cpuQuotaUs,
    cpus: limits.cpusetCpus,
    mems: limits.cpusetMems,
  });
  return {
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
  };
}

/** The environment, with a PATH in any case. */
export function environment(env: readonly string[]): readonly string[] {
  return env.some((variable) => variable.startsWith('PATH=')) ? env : [...env, defaultPath];
}

/** `nofile` → `RLIMIT_NOFILE`. */
function rlimitName(name: string): string {
  const upper = name.toUpperCase();
  return upper.startsWith('RLIMIT_') ? upper : `RLIMIT_${upper}`;
}

function namespaces(process: SandboxProcess, host: Pick<SpecHost, 'hasUnifiedCgroups'>): readonly string[] {
  const always = ['pid', 'ipc', 'uts', 'mount'];
  return [...always, ...(process.network === 'none' ? ['network'] : []), ...(host.hasUnifiedCgroups ? ['cgroup'] : [])];
}

const defaultShmBytes = 64 * 1024 * 1024;

function systemMounts({ insecure, shmSizeBytes }: SandboxProcess, host: SpecHost): SpecMount[] {
  const access = insecure ? ['rw'] : ['ro'];
  const quiet = ['nosuid', 'noexec', 'nodev'];
  const shm = `size=${Math.max(1, Math.ceil((shmSizeBytes ?? defaultShmBytes) / 1024))}k`;
  const mounts = [
    mountOf('/proc', 'proc', 'proc', quiet),
    mountOf('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mountOf('/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    mountOf('/dev/shm', 'tmpfs', 'shm', [...quiet, 'mode=1777', shm]),
    mountOf('/dev/mqueue', 'mqueue', 'mqueue', quiet),
    mountOf('/sys', 'sysfs', 'sysfs', [...quiet, ...access]),
  ];
  if (host.canMakeCgroups) mounts.push(mountOf('/sys/fs/cgroup', 'cgroup', 'cgroup', [...access, ...quiet]));
  return mounts;
}

function mountOf(destination: string, type: string, source: string, options: readonly string[]): SpecMount {
  return { destination, type, source, options };
}

function specMount({ destination, type, source, options }: SandboxMount): SpecMount {
  return { destination, type, source: source ?? type, options };
}
