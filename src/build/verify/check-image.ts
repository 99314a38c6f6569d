import { toSlipwayError } from '../../base/index.ts';
import { type Descriptor, digestOf, type ImageConfig, layerCompression, type Manifest, parseManifest } from '../../oci/index.ts';
import type { ArchiveFiles } from '../archive-files.ts';
import { blobName, digestOfBlob, readDocuments, readLayer } from './read-image.ts';

/** Something of an image that is not as another part of it says. */
export interface ImageProblem {
  /** The blob it is about: `index`, or a digest. */
  readonly at: string;
  readonly message: string;
}

/** How deep image indexes may name image indexes. */
const maxNesting = 4;

/**
 * Look at everything that `descriptor` leads to: sizes, digests, diff IDs, that each layer's tar can be read, and that manifest and config
 * speak of the same image.
 */
export async function checkImage(
  files: ArchiveFiles,
  descriptor: Descriptor,
  signal: AbortSignal,
  depth = 0,
): Promise<readonly ImageProblem[]> {
  const problem = (message: string): readonly ImageProblem[] => [{ at: descriptor.digest, message }];
  const bytes = checkBlob(files, descriptor);
  if (typeof bytes === 'string') return problem(bytes);
  try {
    const document = parseManifest(bytes, descriptor.mediaType);
    if (document.kind === 'manifest') return await checkManifest(files, descriptor, document, signal);
    if (depth === maxNesting) return problem(`indexes name indexes more than ${maxNesting} deep`);
    const found = [];
    for (const each of document.manifests) found.push(...(await checkImage(files, each, signal, depth + 1)));
    return found;
  } catch (thrown) {
    signal.throwIfAborted();
    return problem(toSlipwayError(thrown).message);
  }
}

/** The blob's bytes, or what is wrong with them. */
function checkBlob(files: ArchiveFiles, { digest, size }: Descriptor): Uint8Array | string {
  const bytes = files.read(blobName(digest));
  if (bytes === undefined) return 'it is missing';
  if (bytes.byteLength !== size) return `it has ${bytes.byteLength} bytes, its descriptor says ${size}`;
  const own = digestOf(bytes);
  return own === digest ? bytes : `its bytes have the digest \`${own}\``;
}

async function checkManifest(
  files: ArchiveFiles,
  descriptor: Descriptor,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<readonly ImageProblem[]> {
  const { digest } = manifest.config;
  const wrong = checkBlob(files, manifest.config);
  if (typeof wrong === 'string') return [{ at: digest, message: wrong }];
  // Attestations and other artifacts have layers that are no file systems.
  if (manifest.layers.some(({ mediaType }) => layerCompression(mediaType) === undefined)) {
    return manifest.layers.flatMap((layer) => {
      const message = checkBlob(files, layer);
      return typeof message === 'string' ? [{ at: layer.digest, message }] : [];
    });
  }
  const config = readDocuments(files, descriptor)?.config;
  if (config === undefined) return [{ at: digest, message: 'it is missing' }];
  const found: ImageProblem[] = checkHistory(config).map((message) => ({ at: digest, message }));
  if (config.diffIds.length !== manifest.layers.length)
    found.push({ at: digest, message: `it names ${config.diffIds.length} layers, the manifest ${manifest.layers.length}` });
  for (const [index, layer] of manifest.layers.entries()) {
    for (const message of await checkLayer(files, layer, config.diffIds[index], signal))
      found.push({ at: layer.digest, message });
  }
  return found;
}

function checkHistory({ history, diffIds }: ImageConfig): readonly string[] {
  const layers = history.filter((entry) => entry.empty_layer !== true).length;
  if (history.length === 0 || layers === diffIds.length) return [];
  return [`its history tells of ${layers} layers, but there are ${diffIds.length}`];
}

async function checkLayer(
  files: ArchiveFiles,
  { digest, size, mediaType }: Descriptor,
  diffId: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const bytes = await digestOfBlob(files, digest, signal);
  if (bytes === undefined) return ['it is missing'];
  if (bytes.sizeBytes !== size) return [`it has ${bytes.sizeBytes} bytes, its descriptor says ${size}`];
  if (bytes.digest !== digest) return [`its bytes have the digest \`${bytes.digest}\``];
  try {
    const layer = await readLayer(files, digest, signal);
    if (diffId !== undefined && layer.diffId !== diffId)
      return [`it unpacks to \`${layer.diffId}\`, but the config calls it \`${diffId}\``];
    const isPlain = layer.diffId === digest;
    if (isPlain !== (layerCompression(mediaType) === 'none')) return [`it is called \`${mediaType}\`, which it is not`];
    return [];
  } catch (thrown) {
    signal.throwIfAborted();
    return [toSlipwayError(thrown).message];
  }
}
