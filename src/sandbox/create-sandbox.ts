import { accessSync, constants, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { type HostPath, hostPath, SlipwayError } from '../base/index.ts';
import { type OciRuntime, ociSandbox } from './oci-runtime.ts';
import type { Sandbox } from './ports.ts';
import { trivialProgram } from './probe-program.ts';
import { readSpecHost } from './spec-host.ts';
import { sweepSandboxes } from './sweep.ts';
import { unshareSandbox } from './unshare-sandbox.ts';

export interface SandboxOptions {
  /** Where bundles and the runtimes' state live while something runs; made when missing. Best on a memory file system. */
  readonly stateDir: HostPath;
  /** `runc`, `crun` or `unshare`: only this one; default: the first that works. */
  readonly runtime?: string | undefined;
  /** What `remember` was told for this key, on this machine, perhaps by an earlier process. */
  readonly recall?: (key: string) => string | undefined;
  readonly remember?: (key: string, value: string) => void;
  readonly signal: AbortSignal;
}

/** End what still runs in these state directories, whose processes died without warning. */
export async function endAbandonedRuns(stateDirs: readonly HostPath[]): Promise<void> {
  const programs = ['runc', 'crun'].flatMap((name) => findProgram(name) ?? []);
  for (const stateDir of stateDirs) await sweepSandboxes(stateDir, programs);
}

/** One way to call one runtime. */
interface Candidate {
  /** What `remember` keeps. */
  readonly label: string;
  readonly name: string;
  readonly program: string;
  make(stateDir: HostPath): Sandbox;
}

/**
 * The way to run processes on this machine: found by running one, in order `runc`, `crun`, our own; and remembered until
 * the kernel, the programs or our rights change.
 *
 * @throws {SlipwayError} `SANDBOX_NO_RUNTIME` naming each one tried and why it does not work; `SANDBOX_UNKNOWN_RUNTIME`
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { runtime, stateDir, signal } = options;
  if (runtime !== undefined && !runtimeNames.includes(runtime)) {
    throw new SlipwayError('SANDBOX_UNKNOWN_RUNTIME', `\`${runtime}\` is not a runtime`, {
      hint: `one of ${runtimeNames.join(', ')}`,
    });
  }
  const names = runtime === undefined ? runtimeNames : [runtime];
  const installed = names.flatMap((name) => candidatesOf(name));
  const key = machineKey(names, installed);
  const known = options.recall?.(key);
  const remembered = installed.find(({ label }) => label === known);
  if (remembered !== undefined) return remembered.make(stateDir);

  const tried = names.filter((name) => !installed.some((each) => each.name === name)).map((name) => `${name}: not installed`);
  for (const candidate of installed) {
    const sandbox = candidate.make(stateDir);
    const failure = await probe(sandbox, stateDir, signal);
    if (failure === undefined) {
      options.remember?.(key, candidate.label);
      return sandbox;
    }
    tried.push(`${candidate.label}: ${failure}`);
  }
  throw new SlipwayError(
    'SANDBOX_NO_RUNTIME',
    `nothing here can run a sandboxed process\n${tried.map((line) => `  ${line}`).join('\n')}`,
    {
      class: 'permission',
      hint: 'install runc or crun, and run as root or where user namespaces are allowed; `slipway doctor` says what is missing',
    },
  );
}

const runtimeNames: readonly string[] = ['runc', 'crun', 'unshare'];

function candidatesOf(name: string): readonly Candidate[] {
  const program = findProgram(name);
  if (program === undefined) return [];
  if (name === 'unshare') {
    const make = (stateDir: HostPath): Sandbox => unshareSandbox(program, stateDir, readSpecHost({ canMakeCgroups: false }));
    return [{ label: name, name, program, make }];
  }
  return variants[name === 'runc' ? 'runc' : 'crun'].map(({ suffix, canMakeCgroups, globalFlags, runFlags }) => ({
    label: `${name}${suffix}`,
    name,
    program,
    make: (stateDir) => {
      const runtime: OciRuntime = { name: name === 'runc' ? 'runc' : 'crun', program, globalFlags, runFlags };
      return ociSandbox(runtime, stateDir, readSpecHost({ canMakeCgroups }));
    },
  }));
}

interface Variant extends Pick<OciRuntime, 'globalFlags' | 'runFlags'> {
  readonly suffix: string;
  readonly canMakeCgroups: boolean;
}

const ordinary: Variant = { suffix: '', canMakeCgroups: true, globalFlags: [], runFlags: [] };

/** The ordinary call first; then for machines whose cgroups cannot be written; last where the root is a ramdisk. */
const variants: Readonly<Record<OciRuntime['name'], readonly Variant[]>> = {
  runc: [
    ordinary,
    { suffix: ' without cgroups', canMakeCgroups: false, globalFlags: ['--rootless=true'], runFlags: [] },
    {
      suffix: ' without cgroups and pivot_root',
      canMakeCgroups: false,
      globalFlags: ['--rootless=true'],
      runFlags: ['--no-pivot'],
    },
  ],
  crun: [
    ordinary,
    { suffix: ' without cgroups', canMakeCgroups: false, globalFlags: ['--cgroup-manager=disabled'], runFlags: [] },
    {
      suffix: ' without cgroups and pivot_root',
      canMakeCgroups: false,
      globalFlags: ['--cgroup-manager=disabled'],
      runFlags: ['--no-pivot'],
    },
  ],
};

/** Run a program that does nothing, in the sandbox every RUN gets. Answers why that doesn't work. */
async function probe(sandbox: Sandbox, stateDir: HostPath, signal: AbortSignal): Promise<string | undefined> {
  const program = trivialProgram(process.arch);
  if (program === undefined) return `no probe for ${process.arch}`;
  const root = hostPath(`${stateDir}/probe-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(root, { recursive: true, mode: 0o755 });
  try {
    writeFileSync(`${root}/probe`, program, { mode: 0o755 });
    const said: Uint8Array[] = [];
    const exit = await sandbox.run(
      {
        root,
        args: ['/probe'],
        env: [],
        cwd: '/',
        uid: 0,
        gid: 0,
        additionalGids: [0],
        hostname: 'probe',
        network: 'host',
        insecure: false,
        mounts: [],
        ulimits: [],
      },
      { signal, onOutput: (_, data) => void said.push(data) },
    );
    return exit.code === 0 ? undefined : `exit code ${exit.code}: ${Buffer.concat(said).toString().trim()}`;
  } catch (error) {
    if (signal.aborted) throw error;
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Whatever a different answer could come from. */
function machineKey(names: readonly string[], installed: readonly Candidate[]): string {
  const { capabilities, hasUnifiedCgroups } = readSpecHost({ canMakeCgroups: true });
  const programs = new Set(installed.map(({ program }) => `${program}@${Math.trunc(statSync(program).mtimeMs)}`));
  const rights = `${process.geteuid?.() ?? 0}/${capabilities.length}/${hasUnifiedCgroups ? 'v2' : 'v1'}`;
  return `sandbox ${names.join('+')} on ${process.arch} ${release()} as ${rights}: ${[...programs].join(' ')}`;
}

/** Also in the directories of system programs, which an ordinary user's PATH lacks. */
function findProgram(name: string): string | undefined {
  const directories = [
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ];
  for (const directory of directories) {
    if (!directory.startsWith('/')) continue;
    try {
      accessSync(`${directory}/${name}`, constants.X_OK);
      return `${directory}/${name}`;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
