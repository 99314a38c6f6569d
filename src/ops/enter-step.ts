import { type HostPath, Scope } from '../base/index.ts';
import type { ExecOp } from '../graph/index.ts';
import type { LayerId } from '../layer/index.ts';
import type { SandboxExit } from '../sandbox/index.ts';
import type { OpContext } from '../solver/index.ts';
import type { OpsState } from './ports.ts';
import { prepareStep } from './prepare-step.ts';
import type { OpResult } from './result.ts';

/** Another process in the place of a step's own. */
export interface Entrance {
  /** The step: its environment, user, directory and mounts. */
  readonly op: ExecOp;
  readonly base: readonly LayerId[];
  readonly inputs: readonly OpResult[];
  /** Files of the host to show, by where. */
  readonly files: ReadonlyMap<string, HostPath>;
  /** Give it this process's terminal and standard streams. */
  readonly interactive: boolean;
  readonly onOutput: (stream: 1 | 2, data: Uint8Array) => void;
}

/** Run a process where a step would run. What it changes is thrown away, except in cache mounts. */
export async function enterStep(
  { op, base, inputs, files, interactive, onOutput }: Entrance,
  state: OpsState,
  context: OpContext,
): Promise<SandboxExit> {
  await using scope = new Scope();
  const extraMounts = [...files].map(([destination, source]) => ({
    mount: { destination, type: 'bind' as const, source, options: ['bind', 'ro', 'nosuid', 'nodev'] },
    kind: 'file' as const,
  }));
  const step = await prepareStep(withWhatIsThere(op), { base, inputs, state, context, scope, extraMounts });
  const sandbox = await state.ports.sandbox();
  return await sandbox.run({ ...step.process, interactive }, { signal: context.signal, onOutput });
}

/** Who looks around may lack a secret that the step needed. */
function withWhatIsThere(op: ExecOp): ExecOp {
  return {
    ...op,
    secretEnv: op.secretEnv.map((secret) => ({ ...secret, optional: true })),
    mounts: op.mounts.map((mount) => (mount.type === 'secret' || mount.type === 'ssh' ? { ...mount, optional: true } : mount)),
  };
}
