import { addAbortListener } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type HostPath, hostPath, ifThere } from '../base/index.ts';
import { bridgePath, errnoName, type MountFlag, mountFlags, resolveInRoot } from '../native/index.ts';
import { allCapabilities, capabilityMask } from './capabilities.ts';
import { type Child, startChild } from './child.ts';
import { containerInit, type InitFailure, type InitPlan } from './container-init.ts';
import { type InitProcess, startTicksOf } from './container-state.ts';
import { killUntilOver } from './kill-until-over.ts';
import { memoryKills } from './memory-kills.ts';
import { exitCode, newSandboxId } from './oci-runtime.ts';
import type { RunOptions, Sandbox, SandboxExit, SandboxProcess } from './ports.ts';
import { refuseDevices, refuseLimits } from './refuse-limits.ts';
import { environment, type RuntimeSpec, runtimeSpec, type SpecHost } from './runtime-spec.ts';
import { startFailure } from './start-failure.ts';
import { resolveUser } from './users.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/**
 * Our own sandbox, for machines without an OCI runtime: `unshare` makes the namespaces, and a small Node in them mounts, gives
 * up rights and becomes the program. What it lacks beside runc: seccomp and cgroups.
 */
export function unshareSandbox(unshare: string, stateDir: HostPath, host: SpecHost): Sandbox {
  return {
    name: 'unshare',
    async run(process, options) {
      options.signal.throwIfAborted();
      refuseLimits(process, 'unshare');
      refuseDevices(process, 'unshare');
      makeWorkingDirectory(process);
      const directory = `${stateDir}/${newSandboxId()}`;
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      try {
        return await runInside(unshare, directory, process, host, options);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

const initFlags = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'slave'];

async function runInside(
  unshare: string,
  directory: string,
  sandboxed: SandboxProcess,
  host: SpecHost,
  { signal, onOutput }: RunOptions,
): Promise<SandboxExit> {
  const plan = initPlan(sandboxed, host, `${directory}/failure.json`);
  const program = `(${containerInit.toString()})(JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8')), require)`;
  writeFileSync(`${directory}/plan.json`, JSON.stringify(plan));
  writeFileSync(`${directory}/init.cjs`, program);
  const killsBefore = memoryKills();
  const child = startChild({
    program: unshare,
    args: [
      ...initFlags,
      ...(plan.hasOwnNetwork ? ['--net'] : []),
      '--',
      process.execPath,
      `${directory}/init.cjs`,
      `${directory}/plan.json`,
    ],
    isInteractive: sandboxed.interactive === true,
    // Killed, `unshare` has words of its own to say.
    onOutput: (stream, data) => signal.aborted || onOutput(stream, data),
  });
  let killing: Promise<void> | undefined;
  const listener = addAbortListener(signal, () => {
    killing = killUntilOver(child, () => initOf(child));
    killing.catch(() => undefined);
  });
  try {
    const exit = await child.ended;
    await killing;
    signal.throwIfAborted();
    const failure = readFailure(plan.failureFile);
    if (failure !== undefined) throw startFailure('unshare', sandboxed, `${failure.step}: ${errnoName(failure.errno)}`);
    const code = exitCode(exit);
    return { code, outOfMemory: code !== 0 && killsBefore !== undefined && (memoryKills() ?? 0) > killsBefore };
  } finally {
    listener[Symbol.dispose]();
  }
}

function readFailure(file: string): InitFailure | undefined {
  const text = ifThere(() => readFileSync(file, 'utf8')) ?? '';
  return text === '' ? undefined : (JSON.parse(text) as InitFailure);
}

/** The first process of the namespace is the one child of `unshare`; with it all others die. */
function initOf(child: Child): InitProcess | undefined {
  const pid = childrenOf(child.pid)[0];
  const startTicks = pid === undefined ? undefined : startTicksOf(pid);
  return pid === undefined || startTicks === undefined ? undefined : { pid, startTicks };
}

function childrenOf(pid: number): readonly number[] {
  const text = ifThere(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) ?? '';
  return text === '' ? [] : text.split(' ').map(Number);
}

/** At the places of their numbers. */
const resources = 'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME'.split(' ');
const plainDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
const systemCalls: Readonly<Record<string, InitPlan['systemCalls']>> = {
  x64: { pivotRoot: 155, capset: 126 },
  arm64: { pivotRoot: 41, capset: 91 },
};

function initPlan(sandboxed: SandboxProcess, host: SpecHost, failureFile: string): InitPlan {
  const spec = runtimeSpec(sandboxed, { ...host, canMakeCgroups: false }, '');
  const devices = [...plainDevices, ...(spec.linux.devices ?? []).map(({ path }) => path)];
  return {
    bridge: bridgePath(),
    failureFile,
    root: sandboxed.root,
    hostname: sandboxed.hostname,
    mounts: spec.mounts.map(mountPlan),
    devices: devices.filter((path) => existsSync(path)),
    maskedPaths: spec.linux.maskedPaths ?? [],
    readonlyPaths: spec.linux.readonlyPaths ?? [],
    hasOwnNetwork: sandboxed.network === 'none',
    rlimits: spec.process.rlimits.map(({ type, soft, hard }) => ({
      resource: resources.indexOf(type.slice('RLIMIT_'.length)),
      soft,
      hard,
    })),
    lastCapability: allCapabilities.length - 1,
    capabilities: capabilityMask(spec.process.capabilities['bounding'] ?? []).toString(),
    keepsAmbient: sandboxed.insecure,
    uid: sandboxed.uid,
    gid: sandboxed.gid,
    additionalGids: sandboxed.additionalGids,
    cwd: spec.process.cwd,
    args: sandboxed.args,
    env: withHome(sandboxed),
    systemCalls: systemCalls[host.arch] ?? { pivotRoot: -1, capset: -1 },
  };
}

/** HOME as an OCI runtime sets it. */
function withHome({ root, env, uid, gid }: SandboxProcess): readonly string[] {
  const complete = environment(env);
  if (complete.some((variable) => variable.startsWith('HOME='))) return complete;
  const passwd = ifThere(() => readFileSync(resolveInRoot(hostPath(root), '/etc/passwd'), 'utf8'));
  return [...complete, `HOME=${resolveUser(`${uid}:${gid}`, passwd, undefined).home}`];
}

const optionalTypes: ReadonlySet<string> = new Set(['mqueue', 'sysfs']);
const flagNames: Readonly<Record<string, MountFlag>> = {
  ro: 'readonly',
  nosuid: 'nosuid',
  nodev: 'nodev',
  noexec: 'noexec',
  noatime: 'noatime',
  strictatime: 'strictatime',
};
const withoutFlag: ReadonlySet<string> = new Set([
  'rw',
  'bind',
  'rbind',
  'private',
  'rprivate',
  'dev',
  'suid',
  'exec',
  'relatime',
]);

function mountPlan({ destination, type, source, options }: RuntimeSpec['mounts'][number]): InitPlan['mounts'][number] {
  const isBind = type === 'bind';
  let flags = 0;
  const data: string[] = [];
  for (const option of options) {
    const flag = flagNames[option];
    if (flag !== undefined) flags |= mountFlags[flag];
    else if (!withoutFlag.has(option)) data.push(option);
  }
  return {
    destination,
    type,
    source,
    flags,
    data: data.join(','),
    isBind,
    isFile: isBind && !statSync(source).isDirectory(),
    isOptional: optionalTypes.has(type),
  };
}
