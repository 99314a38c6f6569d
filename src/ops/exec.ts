import { Scope, SlipwayError, toSlipwayError } from '../base/index.ts';
import type { ExecOp, Vertex } from '../graph/index.ts';
import type { LayerId } from '../layer/index.ts';
import { type OpContext, StepError } from '../solver/index.ts';
import { keepFailedTree } from '../store/index.ts';
import { refuseFullDisk } from './disk-full.ts';
import { createLogTail } from './log-tail.ts';
import { createMask } from './mask.ts';
import type { OpsState } from './ports.ts';
import { type PreparedStep, prepareStep } from './prepare-step.ts';
import type { OpResult } from './result.ts';

/** Run one process over the root it names; what it changed is the new layer. */
export async function runExec(
  op: ExecOp,
  vertex: Vertex,
  inputs: readonly OpResult[],
  state: OpsState,
  context: OpContext,
): Promise<readonly OpResult[]> {
  await using scope = new Scope();
  const base = rootLayers(op, inputs);
  const step = await prepareStep(op, { base, inputs, state, context, scope });
  const tail = createLogTail();
  const masks = [createMask(step.secrets.values()), createMask(step.secrets.values())] as const;
  const show = (stream: 1 | 2, data: Uint8Array): void => {
    if (data.byteLength === 0) return;
    tail.add(data);
    context.emit({ kind: 'step-log', step: vertex.digest, stream, data, atMs: state.ports.now() });
  };
  const sandbox = await state.ports.sandbox();
  const exit = await sandbox.run(step.process, {
    signal: context.signal,
    onOutput: (stream, data) => show(stream, masks[stream - 1]?.apply(data) ?? data),
  });
  for (const stream of [1, 2] as const) show(stream, masks[stream - 1]?.flush() ?? new Uint8Array(0));
  refuseFullDisk(state.ports.store.paths.root, op.args.join(' '));
  if (exit.code !== 0) {
    if (!context.signal.aborted) await keepTree(vertex, { step, base, inputs }, state, context);
    throw new StepError({
      command: op.args.join(' '),
      exitCode: exit.code,
      outOfMemory: exit.outOfMemory,
      memoryLimitBytes: state.ports.limits?.memoryBytes,
      logTail: tail.text(),
    });
  }
  return resultsOf(op, { kind: 'snapshot', layers: [...base, await step.commit()] }, inputs);
}

/** For `slipway shell` and `--on-fail`. That it could not be kept must not hide why the step failed. */
async function keepTree(
  { digest }: Vertex,
  {
    step,
    base,
    inputs,
  }: { readonly step: PreparedStep; readonly base: readonly LayerId[]; readonly inputs: readonly OpResult[] },
  { ports: { store, now } }: OpsState,
  { emit }: OpContext,
): Promise<void> {
  try {
    await keepFailedTree(store, digest, {
      layers: [...base, await step.commit()],
      inputs: inputs.map((input) => ({ ...input })),
    });
  } catch (thrown) {
    const { code, message } = toSlipwayError(thrown);
    emit({
      kind: 'warning',
      message: `the tree that the step left could not be kept: ${message}`,
      code,
      step: digest,
      atMs: now(),
    });
  }
}

/** The layers of the mount at `/`. */
export function rootLayers(op: ExecOp, inputs: readonly OpResult[]): readonly LayerId[] {
  const root = op.mounts.find((mount) => mount.dest === '/');
  if (root?.type !== 'bind') throw new SlipwayError('OPS_BAD_EXEC', 'an exec op needs a root file system', { class: 'internal' });
  const input = inputs[root.input];
  return input?.kind === 'snapshot' ? input.layers : [];
}

function resultsOf(op: ExecOp, root: OpResult, inputs: readonly OpResult[]): readonly OpResult[] {
  const results: OpResult[] = [];
  for (const mount of op.mounts) {
    if (mount.type !== 'bind' || mount.output < 0) continue;
    results[mount.output] = mount.dest === '/' ? root : (inputs[mount.input] ?? { kind: 'snapshot', layers: [] });
  }
  return results;
}
