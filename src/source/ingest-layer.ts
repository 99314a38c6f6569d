import { PassThrough } from 'node:stream';
import { SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { createDigester, type Descriptor, type Digest, layerCompression } from '../oci/index.ts';
import { layerIdOfDiff, type Store } from '../store/index.ts';
import { readLayerTar } from './read-layer-tar.ts';

export interface LayerToIngest {
  readonly descriptor: Descriptor;
  /** What the image's config says the uncompressed tar's digest is. */
  readonly diffId: Digest;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly source: () => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/**
 * Bring a layer blob into the store: stored, hashed, decompressed and indexed in one pass over its bytes. Not unpacked.
 * Bytes that are not those of the descriptor are told as such, whatever else is wrong with them.
 * @throws {DigestMismatchError} @throws {SlipwayError} `SOURCE_BAD_LAYER_TYPE`, `OCI_DIFF_ID_MISMATCH`, `TAR_…`, `LAYER_…`
 */
export async function ingestLayer(
  store: Store,
  { descriptor, diffId, createdAt, source, signal }: LayerToIngest,
): Promise<LayerId> {
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new SlipwayError(
      'SOURCE_BAD_LAYER_TYPE',
      `layer \`${descriptor.digest}\` has the type \`${descriptor.mediaType}\`, which is no file system layer`,
      { class: 'registry' },
    );
  }
  const tee = new PassThrough({ highWaterMark: 4 << 20 });
  tee.on('error', () => {}); // what went wrong comes out of `indexing`, or stopped the writing
  const digester = createDigester();
  const indexing = readLayerTar(tee, compression, { onUncompressed: (chunk) => digester.update(chunk), signal });
  indexing.catch(() => tee.destroy()); // awaited below
  try {
    const observe = (chunk: Uint8Array): void | Promise<void> => feed(tee, chunk);
    if (store.blobs.use(descriptor.digest)) for await (const chunk of store.blobs.stream(descriptor.digest)) await observe(chunk);
    else await store.blobs.ingest(descriptor, source(), { signal, observe });
    tee.end();
  } catch (error) {
    tee.destroy();
    await indexing.catch(() => {});
    throw error;
  }
  const entries = await indexing.catch((error: unknown) => {
    throw ofLayer(descriptor, error);
  });
  const unpacked = digester.digest();
  if (unpacked !== diffId) {
    throw new SlipwayError(
      'OCI_DIFF_ID_MISMATCH',
      `layer \`${descriptor.digest}\` unpacks to \`${unpacked}\`, but the image's config names \`${diffId}\``,
      { class: 'registry', hint: 'the image was put together wrongly; push it again with a current tool' },
    );
  }
  const id = layerIdOfDiff(diffId);
  store.layers.commit({ id, entries, createdAt, diffId, contentDigest: diffId, blobs: [descriptor] });
  return id;
}

/** Pass on a chunk, and wait while the reader is behind. A reader that gave up wants no more. */
function feed(tee: PassThrough, chunk: Uint8Array): void | Promise<void> {
  if (tee.destroyed || tee.write(chunk)) return;
  return new Promise((resolve) => {
    const go = (): void => {
      tee.off('drain', go).off('close', go);
      resolve();
    };
    tee.once('drain', go).once('close', go);
  });
}

function ofLayer({ digest }: Descriptor, error: unknown): unknown {
  if (!(error instanceof SlipwayError) || error.class === 'cancelled') return error;
  return new SlipwayError(error.code, `layer \`${digest}\`: ${error.message}`, {
    class: 'registry',
    cause: error,
    hint: error.hint,
  });
}
