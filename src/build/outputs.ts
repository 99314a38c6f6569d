import { resolve } from 'node:path';
import { hostPath, toSlipwayError } from '../base/index.ts';
import type { Engine, EngineJob } from '../engine/index.ts';
import { mergeTree, writeTreeTar } from '../exporter/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { EmitEvent, StepId } from '../solver/index.ts';
import type { EarlyBlobs } from './early-blobs.ts';
import type { Output, TargetResult } from './options.ts';
import { withSink } from './sink.ts';
import type { PlannedOutput } from './targets.ts';
import { writeToLayout, writeToStore } from './write-image.ts';

/** The result of one target. */
export interface Result {
  readonly target: CompiledTarget;
  readonly solved: OpResult;
}

export interface OutputRequest {
  readonly engine: Engine;
  readonly job: EngineJob;
  readonly early: EarlyBlobs;
  readonly result: Result;
  readonly stdout: NodeJS.WritableStream | undefined;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** What an output gives back. */
export type Written = Pick<TargetResult, 'imageId' | 'manifestDigest' | 'descriptor' | 'latestFileSec' | 'names'>;

/** Write each result everywhere it was asked for, in order. @returns what was written of each of `results` */
export async function writeOutputs(
  outputs: readonly PlannedOutput[],
  results: readonly Result[],
  request: Omit<OutputRequest, 'result'>,
): Promise<readonly Written[]> {
  const written = results.map((): Written => ({ names: [] }));
  for (const { output, target } of outputs) {
    const made = await writeOutput(output, { ...request, result: results[target] as Result });
    const before = written[target] as Written;
    written[target] = {
      imageId: before.imageId ?? made.imageId,
      manifestDigest: before.manifestDigest ?? made.manifestDigest,
      descriptor: before.descriptor ?? made.descriptor,
      latestFileSec: before.imageId === undefined ? made.latestFileSec : before.latestFileSec,
      names: [...new Set([...before.names, ...made.names])],
    } as Written;
  }
  return written;
}

async function writeOutput(output: Output, request: OutputRequest): Promise<Written> {
  switch (output.type) {
    case 'image':
      return await exportStep(request, 'export:image', 'exporting to image', (tell) => writeToStore(output, request, tell));
    case 'oci':
    case 'docker':
      return await exportStep(request, `export:${output.type}`, `exporting to ${output.type} image format`, (tell) =>
        writeToLayout(output, request, tell),
      );
    case 'local':
      return await exportStep(request, 'export:local', 'exporting to client directory', async () => {
        await mergeTree(treeOf(request), hostPath(resolve(output.dest)), {
          content: request.engine.content,
          signal: request.signal,
          removesOthers: output.mode === 'delete',
          mtimeSec: epochOf(output, request),
        });
        return { names: [] };
      });
    case 'tar':
      return await exportStep(request, 'export:tar', 'exporting to client tarball', async () => {
        await withSink(output.dest, request.stdout, (write) =>
          writeTreeTar(treeOf(request), write, {
            content: request.engine.content,
            signal: request.signal,
            mtimeSec: epochOf(output, request),
          }),
        );
        return { names: [] };
      });
    case 'cacheonly':
      return { names: [] };
  }
}

/** Files that leave an image all have the time of the sources. */
function epochOf(
  { sourceDateEpoch }: { readonly sourceDateEpoch?: number | null },
  { result }: OutputRequest,
): number | undefined {
  return sourceDateEpoch === undefined ? result.target.image.epochSec : (sourceDateEpoch ?? undefined);
}

/** Says one thing that was done. */
export type Tell = (part: string) => void;

async function exportStep(
  request: OutputRequest,
  step: StepId,
  name: string,
  work: (tell: Tell) => Promise<Written>,
): Promise<Written> {
  const { emit } = request;
  emit({ kind: 'step-started', step, name, atMs: Date.now() });
  const tell: Tell = (part) =>
    emit({ kind: 'step-progress', step, part, current: 0, total: 0, unit: 'none', done: true, atMs: Date.now() });
  try {
    const written = await work(tell);
    emit({ kind: 'step-done', step, atMs: Date.now() });
    return written;
  } catch (thrown) {
    const error = toSlipwayError(thrown);
    emit({ kind: 'step-failed', step, error, atMs: Date.now() });
    throw error;
  }
}

function treeOf({ job, result }: OutputRequest): ReturnType<EngineJob['treeOf']> {
  return job.treeOf(result.solved);
}
