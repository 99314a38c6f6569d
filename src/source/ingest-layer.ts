import { PassThrough } from 'node:stream';
import { SlipwayError } from '../base/index.ts';
import { type LayerId } from '../layer/index.ts';
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
 * @throws {DigestMismatchError} @throws {SlipwayError} `OCI_DIFF_ID_MISMATCH`, `TAR_…`
 */
export async function ingestLayer(store: Store, { descriptor, diffId, createdAt, source, signal }: LayerToIngest): Promise<LayerId> {
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new SlipwayError('SOURCE_BAD_LAYER_TYPE', `layer \`${descriptor.digest}\` has the type \`${descriptor.mediaType}\`, which is no file system layer`, { class: 'registry' });
  }
  const tee = new PassThrough({ highWaterMark: 4 << 20 });
  const digester = createDigester();
  const indexing = readLayerTar(tee, compression, { onUncompressed: (chunk) => digester.update(chunk), signal });
  indexing.catch((error: Error) => tee.destroy(error)); // stops the writer below; awaited after it
  const write = (chunk: Uint8Array): void | Promise<void> => {
    if (tee.destroyed) throw tee.errored ?? new SlipwayError('SOURCE_BAD_LAYER', `layer \`${descriptor.digest}\` cannot be read`, { class: 'registry' });
    if (!tee.write(chunk)) return new Promise((resolve, reject) => {
      const done = (): void => {
        tee.off('close', fail);
        resolve();
      };
      const fail = (): void => {
        tee.off('drain', done);
        reject(tee.errored ?? new Error('closed'));
      };
      tee.once('drain', done).once('close', fail);
    });
  };
  try {
    if (store.blobs.has(descriptor.digest)) for await (const chunk of store.blobs.stream(descriptor.digest)) await write(chunk);
    else await store.blobs.ingest(descriptor, source(), { signal, observe: write });
    tee.end();
  } catch (error) {
    tee.destroy();
    await indexing.catch(() => {});
    throw error;
  }
  const entries = await indexing;
  if (digester.digest() !== diffId) {
    throw new SlipwayError('OCI_DIFF_ID_MISMATCH', `layer \`${descriptor.digest}\` unpacks to \`${digester.digest()}\`, but the image's config names \`${diffId}\``, {
      class: 'registry',
      hint: 'the image was put together wrongly; push it again with a current tool',
    });
  }
  const id = layerIdOfDiff(diffId);
  store.layers.commit({ id, entries, createdAt, diffId, contentDigest: diffId, blobs: [descriptor] });
  return id;
}
