import type { Engine, EngineJob } from '../engine/index.ts';
import { ensureBlob, type LayerCompression } from '../exporter/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import type { Edge } from '../graph/index.ts';
import type { Digest } from '../oci/index.ts';
import type { BuildEvent, StepId } from '../solver/index.ts';
import type { Output } from './options.ts';
import type { PlannedOutput } from './targets.ts';

/** Compresses layers while later steps still run. */
export interface EarlyBlobs extends AsyncDisposable {
  /** Tell it what happens in the build. */
  note(event: BuildEvent): void;
  /**
   * Begin nothing more, and wait for what is under way, which may use all processors now. Never rejects: what failed here is tried again
   * by the export, which tells.
   */
  settle(): Promise<void>;
}

interface Surroundings {
  readonly engine: Engine;
  readonly job: EngineJob;
  readonly signal: AbortSignal;
}

/**
 * Make the blobs that the outputs will need, one at a time, each as soon as a step has made its layer. A step from the cache starts
 * nothing: its blob is most often there. Nor does an output that needs no blob, or whose layers get other times first.
 */
export function startEarlyBlobs(
  outputs: readonly PlannedOutput[],
  targets: readonly CompiledTarget[],
  { engine, job, signal }: Surroundings,
): EarlyBlobs {
  const wanted = new Map<StepId, { readonly edge: Edge; readonly compression: LayerCompression }>();
  for (const { output, target } of outputs) {
    const compression = compressionOf(output);
    if (compression === undefined) continue;
    for (const { vertex } of targets[target]?.image.history ?? [])
      if (vertex !== undefined) wanted.set(vertex.vertex, { edge: vertex, compression });
  }
  const cached = new Set<StepId>();
  const { store, content, compressors } = engine;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let isOpen = true;
  let last: Promise<void> = Promise.resolve();
  const make = async (edge: Edge, compression: LayerCompression): Promise<void> => {
    if (!isOpen || either.aborted) return;
    const result = await job.solve(edge);
    const layer = result.kind === 'snapshot' ? result.layers.at(-1) : undefined;
    if (layer === undefined) return;
    // One block at a time leaves the other processors to the steps.
    const threads = (): number => (isOpen ? 1 : compressors.threads());
    await ensureBlob(layer, compression, { store, content, compressors: { ...compressors, threads }, signal: either });
  };
  const early: EarlyBlobs = {
    note(event) {
      if (event.kind === 'step-cached') cached.add(event.step);
      if (event.kind !== 'step-done' || cached.has(event.step)) return;
      const found = wanted.get(event.step as Digest);
      if (found === undefined) return;
      last = last.then(() => make(found.edge, found.compression)).catch(() => undefined);
    },
    async settle() {
      isOpen = false;
      await last;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await early.settle();
    },
  };
  return early;
}

/** What the export will ask for; `undefined` when it will not ask for blobs, or for those of other layers. */
function compressionOf(output: Output): LayerCompression | undefined {
  const isImage = output.type === 'image' || output.type === 'oci' || output.type === 'docker';
  if (!isImage || output.rewriteTimestamp === true) return undefined;
  const usual = output.type === 'image' && output.push !== true ? 'uncompressed' : 'gzip';
  const type = output.compression ?? usual;
  return type === 'uncompressed' ? undefined : { type, level: output.compressionLevel, force: output.forceCompression };
}
