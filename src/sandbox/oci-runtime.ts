import { randomBytes } from 'node:crypto';
import { addAbortListener } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { type HostPath, SlipwayError } from '../base/index.ts';
import { type ChildExit, startChild } from './child.ts';
import { type InitProcess, killInit, readInitProcess } from './container-state.ts';
import { killUntilOver } from './kill-until-over.ts';
import { memoryKills } from './memory-kills.ts';
import type { RunOptions, Sandbox, SandboxExit, SandboxProcess } from './ports.ts';
import { refuseLimits } from './refuse-limits.ts';
import { openRuntimeLog, type RuntimeLog } from './runtime-log.ts';
import { runtimeSpec, type SpecHost } from './runtime-spec.ts';
import { startFailure } from './start-failure.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** How to call an OCI runtime on this machine. */
export interface OciRuntime {
  readonly name: 'runc' | 'crun';
  readonly program: string;
  /** Before the verb. */
  readonly globalFlags: readonly string[];
  /** After `run`. */
  readonly runFlags: readonly string[];
}

interface Bundle {
  readonly id: string;
  readonly directory: string;
  readonly log: string;
  /** Where the runtime keeps the state of this one container. */
  readonly state: string;
}

/** Processes under runc or crun. Bundles live below `stateDir` while they run, and so does all the runtime remembers. */
export function ociSandbox(runtime: OciRuntime, stateDir: HostPath, host: SpecHost): Sandbox {
  return {
    name: runtime.name,
    async run(process, options) {
      options.signal.throwIfAborted();
      if (!host.canMakeCgroups) refuseLimits(process, runtime.name);
      makeWorkingDirectory(process);
      const bundle = writeBundle(process, stateDir, host);
      try {
        return await runBundle(runtime, bundle, process, options);
      } finally {
        rmSync(bundle.directory, { recursive: true, force: true });
      }
    },
  };
}

/** Says which process of ours it belongs to. */
export function newSandboxId(): string {
  return `slipway-${process.pid}-${randomBytes(6).toString('hex')}`;
}

function writeBundle(sandboxed: SandboxProcess, stateDir: HostPath, host: SpecHost): Bundle {
  const id = newSandboxId();
  const directory = `${stateDir}/${id}`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(`${directory}/config.json`, JSON.stringify(runtimeSpec(sandboxed, host, id)));
  return { id, directory, log: `${directory}/log.json`, state: `${directory}/state` };
}

async function runBundle(
  runtime: OciRuntime,
  bundle: Bundle,
  process: SandboxProcess,
  options: RunOptions,
): Promise<SandboxExit> {
  const { signal } = options;
  const killsBefore = memoryKills();
  const log = openRuntimeLog(bundle.log);
  const output = withoutRuntimeWords(log, options.onOutput);
  const child = startChild({
    program: runtime.program,
    args: [...globalArgs(runtime, bundle), 'run', ...runtime.runFlags, '--bundle', bundle.directory, bundle.id],
    isInteractive: process.interactive === true,
    onOutput: output.take,
  });
  const findInit = (): InitProcess | undefined => readInitProcess(`${bundle.state}/${bundle.id}`);
  // Without its runtime nobody would end the process, and it holds the output open.
  const orphaned = child.exited.then((exit) => {
    const init = exit.signal === null ? undefined : findInit();
    if (init !== undefined) killInit(init);
  });
  let killing: Promise<void> | undefined;
  const listener = addAbortListener(signal, () => {
    killing = killUntilOver(child, findInit);
    killing.catch(() => undefined);
  });
  let exit: ChildExit;
  try {
    await orphaned;
    exit = await child.ended;
    await killing;
  } finally {
    listener[Symbol.dispose]();
    if (existsSync(`${bundle.state}/${bundle.id}`)) await remove(runtime, bundle);
  }
  signal.throwIfAborted();
  const failure = log.failure();
  if (failure !== undefined) throw startFailure(runtime.name, process, failure);
  output.flush();
  if (exit.signal !== null) {
    throw new SlipwayError('SANDBOX_RUNTIME_FAILED', `${runtime.name} was ended by ${exit.signal}, and the process with it`, {
      class: 'resource',
    });
  }
  const code = exitCode(exit);
  return { code, outOfMemory: code !== 0 && killsBefore !== undefined && (memoryKills() ?? 0) > killsBefore };
}

export function exitCode({ code, signal }: ChildExit): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function globalArgs(runtime: OciRuntime, bundle: Bundle): readonly string[] {
  const log = runtime.name === 'crun' ? `file:${bundle.log}` : bundle.log;
  return ['--root', bundle.state, '--log', log, '--log-format', 'json', ...runtime.globalFlags];
}

/** A runtime that fails says so in its log first, and then on the standard error it shares with the process. */
function withoutRuntimeWords(
  log: RuntimeLog,
  onOutput: RunOptions['onOutput'],
): { take: RunOptions['onOutput']; flush: () => void } {
  const held: Uint8Array[] = [];
  const flush = (): void => {
    for (const data of held.splice(0)) onOutput(2, data);
  };
  return {
    take(stream, data) {
      if (stream === 1) return onOutput(1, data);
      held.push(data);
      if (log.failure() === undefined) flush();
    },
    flush,
  };
}

/** The runtime died before it could tidy up. */
async function remove(runtime: OciRuntime, bundle: Bundle): Promise<void> {
  const said: Uint8Array[] = [];
  const { ended } = startChild({
    program: runtime.program,
    args: [...globalArgs(runtime, bundle), 'delete', '--force', bundle.id],
    isInteractive: false,
    onOutput: (_, data) => void said.push(data),
  });
  const exit = await ended;
  if (exit.code !== 0) {
    throw new SlipwayError(
      'SANDBOX_LEFT_BEHIND',
      `${runtime.name} could not remove the sandbox: ${Buffer.concat(said).toString().trim()}`,
      {
        class: 'internal',
      },
    );
  }
}
