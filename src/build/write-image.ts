import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ExportedImage,
  exportImage,
  type ImageForm,
  pushImage,
  writeLayoutDirectory,
  writeLayoutTar,
} from '../exporter/index.ts';
import { formatPlatform, formatReference, type ImageConfig, parsePlatform, parseReference, type Platform } from '../oci/index.ts';
import { badOutput } from './check-outputs.ts';
import { hostPlatform } from './host-platform.ts';
import type { ImageAttributes, ImageDescriptor, ImageOutput, LayoutOutput } from './options.ts';
import type { OutputRequest, Written } from './outputs.ts';
import { withSink } from './sink.ts';
import type { Tell } from './told-step.ts';

/** Put the result into the local store, and push it where that was asked for. */
export async function writeToStore(output: ImageOutput, request: OutputRequest, tell: Tell): Promise<Written> {
  const { engine, signal } = request;
  const { store } = engine;
  const isPushed = output.push === true;
  const image = await makeImage(request, output, isPushed ? 'gzip' : 'uncompressed', tell);
  const { digest } = image.descriptor;
  const { names: asked = [] } = output;
  const names = [...asked, ...namesWithDigest(output, asked, digest)];
  if (output.store !== false) {
    const stored = {
      manifest: image.descriptor,
      configDigest: image.configDigest,
      layers: image.layers,
      storedAt: new Date().toISOString(),
    };
    for (const name of names) {
      store.images.put({ ...stored, name });
      tell(`naming to ${name}`);
    }
    if (names.length === 0) store.images.put(stored);
  }
  if (output.unpack === true) for (const layer of image.layers) await engine.content.ensureDirectory(layer, signal);
  if (isPushed) {
    for (const name of asked) {
      const { host, repository, tag } = parseReference(name);
      const target = output.pushByDigest === true ? { host, repository, digest } : { host, repository, tag };
      await pushImage(store, await engine.registry(), image, target, { signal });
      tell(`pushing manifest for ${name}@${digest}`);
    }
  }
  return writtenOf(image, names, descriptorOf(image));
}

/** Write the result as an OCI layout. */
export async function writeToLayout(output: LayoutOutput, request: OutputRequest, tell: Tell): Promise<Written> {
  const { store } = request.engine;
  const { signal } = request;
  const { names = [] } = output;
  const image = await makeImage(request, output, 'gzip', tell);
  const content = { images: [{ image, names }], format: output.type };
  if (output.tar === false) {
    const directory = resolve(output.dest);
    mkdirSync(directory, { recursive: true });
    await writeLayoutDirectory(store, content, directory, signal);
  } else await withSink(output.dest, request.stdout, (write) => writeLayoutTar(store, content, write, signal));
  const created = image.createdAt === undefined ? {} : { 'org.opencontainers.image.created': image.createdAt };
  return writtenOf(image, names, descriptorOf(image, created));
}

async function makeImage(
  { engine, early, result: { target, solved }, emit, signal }: OutputRequest,
  output: ImageAttributes,
  usual: 'uncompressed' | 'gzip',
  tell: Tell,
): Promise<ExportedImage> {
  const { image } = target;
  const { store, content, compressors } = engine;
  const base: ImageConfig = {
    platform: image.platform,
    author: image.author,
    config: image.config,
    diffIds: image.baseDiffIds,
    history: image.baseHistory,
    unknown: image.unknown,
  };
  const layers = solved.kind === 'snapshot' ? solved.layers : [];
  const form = formOf(output, usual, image.platform, image.epochSec);
  if (form.clampsFiles === true && form.epochSec === undefined) {
    const message = 'rewrite-timestamp is specified, but no source-date-epoch was found';
    emit({ kind: 'warning', message, atMs: Date.now() });
  }
  await early.settle();
  const made = await exportImage({ layers, base, history: image.history }, form, { store, content, compressors, signal });
  tell('exporting layers');
  tell(`exporting manifest ${made.descriptor.digest}`);
  tell(`exporting config ${made.configDigest}`);
  return made;
}

/** @throws {SlipwayError} `BUILD_BAD_OUTPUT`, `OCI_BAD_PLATFORM` */
function formOf(
  output: ImageAttributes,
  usual: 'uncompressed' | 'gzip',
  platform: Platform,
  buildEpochSec: number | undefined,
): ImageForm {
  const { sourceDateEpoch, annotations = [] } = output;
  const own = formatPlatform(platform);
  const chosen = annotations.filter((annotation) => {
    if (annotation.platform === undefined) return true;
    const wanted = formatPlatform(parsePlatform(annotation.platform, hostPlatform()));
    if (wanted === own) return true;
    throw badOutput(`invalid annotation: no platform ${wanted} found in source`, `the image is for ${own}`);
  });
  const at = (level: string): Record<string, string> =>
    Object.fromEntries(chosen.filter((each) => each.level === level).map(({ key, value }) => [key, value]));
  return {
    compression: { type: output.compression ?? usual, level: output.compressionLevel, force: output.forceCompression },
    types: output.ociMediaTypes === false ? 'docker' : 'oci',
    keepsForeign: output.preferNondistLayers,
    epochSec: sourceDateEpoch === undefined ? buildEpochSec : (sourceDateEpoch ?? undefined),
    clampsFiles: output.rewriteTimestamp,
    annotations: { manifest: at('manifest'), descriptor: at('manifest-descriptor') },
  };
}

/** `PREFIX@DIGEST` and `NAME@DIGEST`, where they were asked for. */
function namesWithDigest(
  { danglingNamePrefix: prefix = '', danglingNameEmptyOnly = false, nameCanonical = false }: ImageOutput,
  asked: readonly string[],
  digest: string,
): readonly string[] {
  const isAsked = prefix !== '' && (!danglingNameEmptyOnly || asked.length === 0);
  const dangling = isAsked ? [formatReference(parseReference(`${prefix}@${digest}`))] : [];
  return [...dangling, ...(nameCanonical ? asked.map((name) => `${name}@${digest}`) : [])];
}

function writtenOf(image: ExportedImage, names: readonly string[], descriptor: ImageDescriptor): Written {
  const { latestFileSec } = image;
  return {
    imageId: image.configDigest,
    manifestDigest: image.descriptor.digest,
    descriptor,
    ...(latestFileSec === undefined ? {} : { latestFileSec }),
    names,
  };
}

function descriptorOf({ descriptor }: ExportedImage, created: Readonly<Record<string, string>> = {}): ImageDescriptor {
  const { mediaType, digest, size, platform } = descriptor;
  const annotations = { ...created, ...descriptor.annotations };
  return {
    mediaType,
    digest,
    size,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(platform === undefined
      ? {}
      : {
          platform: {
            architecture: platform.architecture,
            os: platform.os,
            ...(platform.variant === undefined ? {} : { variant: platform.variant }),
          },
        }),
  };
}
