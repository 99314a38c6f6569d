import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { hostPath, SlipwayError, toSlipwayError } from '../base/index.ts';
import type { Engine, EngineJob } from '../engine/index.ts';
import {
  type ExportedImage,
  exportImage,
  mergeTree,
  pushImage,
  writeLayoutDirectory,
  writeLayoutTar,
  writeTreeTar,
} from '../exporter/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import { type ImageConfig, parseReference } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { EmitEvent, StepId } from '../solver/index.ts';
import type { Output, TargetResult } from './options.ts';
import { checkSink, withSink } from './sink.ts';
import type { PlannedOutput } from './targets.ts';

/** The result of one target. */
export interface Result {
  readonly target: CompiledTarget;
  readonly solved: OpResult;
}

export interface OutputRequest {
  readonly engine: Engine;
  readonly job: EngineJob;
  readonly result: Result;
  readonly stdout: NodeJS.WritableStream | undefined;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

type Written = Pick<TargetResult, 'imageId' | 'manifestDigest' | 'names'>;

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
      names: [...new Set([...before.names, ...made.names])],
    } as Written;
  }
  return written;
}

/** Say before the build what would stop its outputs after it. @throws {SlipwayError} `BUILD_BAD_OUTPUT` */
export function checkOutputs(outputs: readonly PlannedOutput[], stdout: NodeJS.WritableStream | undefined): void {
  const toStdout = outputs.filter(({ output }) => 'dest' in output && output.dest === '-');
  if (toStdout.length > 1) throw new SlipwayError('BUILD_BAD_OUTPUT', 'multiple outputs configured to write to stdout');
  if (toStdout.some(({ output: { type } }) => type === 'local'))
    throw new SlipwayError('BUILD_BAD_OUTPUT', 'dest cannot be stdout for local exporter');
  for (const { output } of outputs) checkOutput(output, stdout);
}

function checkOutput(output: Output, stdout: NodeJS.WritableStream | undefined): void {
  switch (output.type) {
    case 'image':
      if (output.push === true && namesOf(output).length === 0) {
        throw new SlipwayError('BUILD_BAD_OUTPUT', 'tag is needed when pushing to registry', {
          hint: 'name the image with `-t HOST/NAME:TAG`',
        });
      }
      return undefined;
    case 'oci':
    case 'docker':
      return output.tar === false ? undefined : checkSink(output.dest, stdout);
    case 'tar':
      return checkSink(output.dest, stdout);
    case 'local':
    case 'cacheonly':
      return undefined;
  }
}

function namesOf({ names = [] }: { readonly names?: readonly string[] }): readonly string[] {
  return names;
}

async function writeOutput(output: Output, request: OutputRequest): Promise<Written> {
  switch (output.type) {
    case 'image':
      return await exportStep(request, 'export:image', 'exporting to image', (tell) => toStore(output, request, tell));
    case 'oci':
    case 'docker':
      return await exportStep(request, `export:${output.type}`, `exporting to ${output.type} image format`, (tell) =>
        toLayout(output, request, tell),
      );
    case 'local':
      return await exportStep(request, 'export:local', 'exporting to client directory', async () => {
        await mergeTree(treeOf(request), hostPath(resolve(output.dest)), {
          content: request.engine.content,
          signal: request.signal,
        });
        return { names: [] };
      });
    case 'tar':
      return await exportStep(request, 'export:tar', 'exporting to client tarball', async () => {
        await withSink(output.dest, request.stdout, (write) =>
          writeTreeTar(treeOf(request), write, { content: request.engine.content, signal: request.signal }),
        );
        return { names: [] };
      });
    case 'cacheonly':
      return { names: [] };
  }
}

type Tell = (part: string) => void;

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

async function makeImage(
  { engine, result: { target, solved }, signal }: OutputRequest,
  compression: 'uncompressed' | 'gzip',
  tell: Tell,
): Promise<ExportedImage> {
  const { image } = target;
  const base: ImageConfig = {
    platform: image.platform,
    author: image.author,
    config: image.config,
    diffIds: image.baseDiffIds,
    history: image.baseHistory,
    unknown: image.unknown,
  };
  const layers = solved.kind === 'snapshot' ? solved.layers : [];
  const made = await exportImage({ layers, base, history: image.history }, compression, {
    store: engine.store,
    content: engine.content,
    signal,
  });
  tell('exporting layers');
  tell(`exporting manifest ${made.descriptor.digest}`);
  tell(`exporting config ${made.configDigest}`);
  return made;
}

async function toStore(output: Extract<Output, { type: 'image' }>, request: OutputRequest, tell: Tell): Promise<Written> {
  const { engine, signal } = request;
  const names = namesOf(output);
  const image = await makeImage(request, output.push === true ? 'gzip' : 'uncompressed', tell);
  const stored = {
    manifest: image.descriptor,
    configDigest: image.configDigest,
    layers: image.layers,
    storedAt: new Date().toISOString(),
  };
  for (const name of names) {
    engine.store.images.put({ ...stored, name });
    tell(`naming to ${name}`);
  }
  if (names.length === 0) engine.store.images.put(stored);
  if (output.push === true) {
    for (const name of names) {
      const digest = await pushImage(engine.store, await engine.registry(), image, parseReference(name), { signal });
      tell(`pushing manifest for ${name}@${digest}`);
    }
  }
  return { imageId: image.configDigest, manifestDigest: image.descriptor.digest, names };
}

async function toLayout(
  output: Extract<Output, { type: 'oci' | 'docker' }>,
  request: OutputRequest,
  tell: Tell,
): Promise<Written> {
  const { engine, signal } = request;
  const names = namesOf(output);
  const image = await makeImage(request, output.compression ?? 'gzip', tell);
  const content = { images: [{ image, names }], format: output.type };
  if (output.tar === false) {
    const directory = resolve(output.dest);
    mkdirSync(directory, { recursive: true });
    await writeLayoutDirectory(engine.store, content, directory, signal);
  } else await withSink(output.dest, request.stdout, (write) => writeLayoutTar(engine.store, content, write, signal));
  return { imageId: image.configDigest, manifestDigest: image.descriptor.digest, names };
}

function treeOf({ job, result }: OutputRequest): ReturnType<EngineJob['treeOf']> {
  return job.treeOf(result.solved);
}
