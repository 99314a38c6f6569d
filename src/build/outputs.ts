import { resolve } from 'node:path';
import { hostPath } from '../base/index.ts';
import type { Engine, EngineJob } from '../engine/index.ts';
import { mergeTree, writeTreeTar } from '../exporter/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import type { EarlyBlobs } from './early-blobs.ts';
import type { Output, TargetResult } from './options.ts';
import { withSink } from './sink.ts';
import type { PlannedOutput } from './targets.ts';
import { toldStep } from './told-step.ts';
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
  const { emit, engine, signal, stdout } = request;
  switch (output.type) {
    case 'image':
      return await toldStep(emit, { id: 'export:image', name: 'exporting to image' }, (tell) =>
        writeToStore(output, request, tell),
      );
    case 'oci':
    case 'docker':
      return await toldStep(emit, { id: `export:${output.type}`, name: `exporting to ${output.type} image format` }, (tell) =>
        writeToLayout(output, request, tell),
      );
    case 'local':
      return await toldStep(emit, { id: 'export:local', name: 'exporting to client directory' }, async () => {
        await mergeTree(treeOf(request), hostPath(resolve(output.dest)), {
          content: engine.content,
          signal,
          removesOthers: output.mode === 'delete',
          mtimeSec: epochOf(output, request),
        });
        return { names: [] };
      });
    case 'tar':
      return await toldStep(emit, { id: 'export:tar', name: 'exporting to client tarball' }, async () => {
        const options = { content: engine.content, signal, mtimeSec: epochOf(output, request) };
        await withSink(output.dest, stdout, (write) => writeTreeTar(treeOf(request), write, options));
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

function treeOf({ job, result }: OutputRequest): ReturnType<EngineJob['treeOf']> {
  return job.treeOf(result.solved);
}
