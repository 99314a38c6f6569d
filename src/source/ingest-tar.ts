import { SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { createDigester, type Descriptor, type Digest, mediaTypes } from '../oci/index.ts';
import { layerIdOfDiff, type Store } from '../store/index.ts';
import { sniffCompression } from '../tar/index.ts';
import { readLayerTar } from './read-layer-tar.ts';

/** Bring a tar of unknown digest, gzip or not, into the store as a layer. @throws {SlipwayError} `TAR_…` */
export async function ingestTar(
  store: Store,
  { source, createdAt, signal }: { readonly source: AsyncIterable<Uint8Array>; readonly createdAt: string; readonly signal: AbortSignal },
): Promise<{ readonly layer: LayerId; readonly blob: Descriptor; readonly diffId: Digest }> {
  using writer = store.blobs.create();
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw new SlipwayError('SOURCE_EMPTY', 'the archive is empty');
  const compression = sniffCompression(first.value);
  const teed = (async function* (): AsyncGenerator<Uint8Array> {
    for (let next: IteratorResult<Uint8Array> = first; next.done !== true; next = await iterator.next()) {
      writer.write(next.value);
      yield next.value;
    }
  })();
  const digester = createDigester();
  const entries = await readLayerTar(teed, compression, { signal, onUncompressed: (chunk) => digester.update(chunk) });
  // What follows the end of the archive belongs to the blob all the same.
  for await (const rest of teed) void rest;
  const blob = writer.commit(compression === 'gzip' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer);
  const diffId = compression === 'none' ? blob.digest : digester.digest();
  const layer = store.layers.byDiffId(diffId) ?? layerIdOfDiff(diffId);
  store.layers.commit({ id: layer, entries, createdAt, diffId, contentDigest: diffId, blobs: [blob] });
  return { layer, blob, diffId };
}
