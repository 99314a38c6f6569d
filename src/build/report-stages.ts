import type { EngineJob } from '../engine/index.ts';
import type { CompiledFile, CompiledStage } from '../frontend/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { Store } from '../store/index.ts';
import type { BuildResult, StageReport } from './options.ts';

/** What each stage cost and holds, and how many steps the cache saved. Looks up, runs nothing. */
export async function reportStages({
  job,
  compiled,
  wanted,
  store,
}: {
  readonly job: EngineJob;
  readonly compiled: CompiledFile;
  /** Display names of the stages whose results were wanted. */
  readonly wanted: readonly string[];
  readonly store: Store;
}): Promise<Pick<BuildResult, 'stages' | 'steps'>> {
  const stages: StageReport[] = [];
  for (const stage of compiled.stages) stages.push(await reportStage(stage, wanted, job, store));
  const total = [...compiled.graph.vertices.values()].filter(({ op }) => op.kind !== 'source').length;
  const ranOps = [...job.outcomes].filter(
    ([digest, { by }]) => by === 'run' && compiled.graph.vertices.get(digest)?.op.kind !== 'source',
  ).length;
  return {
    stages,
    steps: { total, cached: total - ranOps, ran: ranOps },
  };
}

async function reportStage(stage: CompiledStage, wanted: readonly string[], job: EngineJob, store: Store): Promise<StageReport> {
  const outcomes = stage.vertices.flatMap((digest) => job.outcomes.get(digest) ?? []);
  const ran = outcomes.filter(({ by }) => by === 'run');
  const from = Math.min(...ran.map(({ startedAtMs }) => startedAtMs));
  const to = Math.max(...ran.map(({ endedAtMs }) => endedAtMs));
  const result = stage.result === undefined ? undefined : await job.peek(stage.result);
  return {
    name: stage.displayName,
    durationMs: ran.length === 0 ? 0 : to - from,
    sizeBytes: result === undefined ? 0 : sizeOf(result, store),
    cached: ran.length === 0,
    isTarget: wanted.includes(stage.displayName),
  };
}

/** Bytes of a result's layers, uncompressed. */
export function sizeOf(result: OpResult, store: Store): number {
  if (result.kind === 'live') return 0;
  return result.layers.reduce((sum, layer) => sum + (store.layers.info(layer)?.sizeBytes ?? 0), 0);
}
