import { SlipwayError } from '../base/index.ts';
import type { DiffOp, MergeOp, Vertex } from '../graph/index.ts';
import { diffTrees, emptyTree } from '../layer/index.ts';
import type { OpContext, OpRunner, RunContext } from '../solver/index.ts';
import { commitEntries } from './commit-entries.ts';
import { contentKey } from './content-key.ts';
import { runExec } from './exec.ts';
import { runFile } from './file.ts';
import { treeOfResult } from './nodes.ts';
import { opKey } from './op-key.ts';
import type { OpsPorts, OpsState } from './ports.ts';
import { emptySnapshot, type OpResult } from './result.ts';
import { runSource, sourceKey } from './source.ts';
import { createTrees } from './trees.ts';

/** The ops, as the solver sees them. What they open is released by `close`. */
export interface OpRunnerHandle {
  readonly runner: OpRunner<OpResult>;
  readonly state: OpsState;
  /** Keep what was learned of the local contexts for the next build. */
  close(): void;
}

export function createOpRunner(ports: OpsPorts): OpRunnerHandle {
  const state: OpsState = { ports, treeOf: createTrees(ports.store), live: new Map() };
  const runner: OpRunner<OpResult> = {
    opKey,
    sourceKey: async (vertex, context) =>
      vertex.op.kind === 'source' ? await sourceKey(vertex.op, vertex, state, context) : undefined,
    liveInputKey: (vertex, input, result, { signal }) => contentKey(vertex, input, result, state, signal),
    contentKey: (vertex, input, result, { signal }) => contentKey(vertex, input, result, state, signal),
    run: (vertex, inputs, context) => run(vertex, inputs, state, context),
    isHeavy: ({ op }) => op.kind === 'exec',
    isWhole: (result) =>
      result.kind === 'snapshot' && result.layers.every((layer) => ports.store.layers.info(layer) !== undefined),
  };
  return {
    runner,
    state,
    close() {
      for (const local of state.live.values()) local.save();
    },
  };
}

function run(
  vertex: Vertex,
  inputs: readonly OpResult[],
  state: OpsState,
  context: RunContext<OpResult>,
): Promise<readonly OpResult[]> {
  const { op } = vertex;
  switch (op.kind) {
    case 'source':
      return runSource(op, vertex, state, context);
    case 'exec':
      return runExec(op, vertex, inputs, state, context);
    case 'file':
      return runFile(op, inputs, state, context);
    case 'merge':
      return Promise.resolve([merge(op, inputs)]);
    case 'diff':
      return diff(op, inputs, state, context);
  }
}

function merge(op: MergeOp, inputs: readonly OpResult[]): OpResult {
  return {
    kind: 'snapshot',
    layers: op.inputs.flatMap((index) => {
      const input = index < 0 ? emptySnapshot : inputs[index];
      if (input?.kind !== 'snapshot')
        throw new SlipwayError('OPS_BAD_MERGE', 'only file systems can be merged', { class: 'internal' });
      return input.layers;
    }),
  };
}

async function diff(op: DiffOp, inputs: readonly OpResult[], state: OpsState, context: OpContext): Promise<readonly OpResult[]> {
  const lower = inputs[op.lower];
  const upper = inputs[op.upper];
  const entries = diffTrees(
    lower === undefined ? emptyTree : treeOfResult(lower, state),
    upper === undefined ? emptyTree : treeOfResult(upper, state),
  );
  return [{ kind: 'snapshot', layers: [await commitEntries(entries, state, context.signal)] }];
}
