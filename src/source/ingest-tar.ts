import { peek, SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { createDigester, type Descriptor, type Digest, mediaTypes } from '../oci/index.ts';
import { layerIdOfDiff, type Store } from '../store/index.ts';
import { type CompressionKind, sniffBytes, sniffCompression } from '../tar/index.ts';
import { readLayerTar } from './read-layer-tar.ts';

export interface TarToIngest {
  readonly source: AsyncIterable<Uint8Array>;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly signal: AbortSignal;
}

/** Bring a tar of unknown digest, compressed or not, into the store as a layer. Consumes `source`, also on failure. @throws {SlipwayError} `TAR_…`, `SOURCE_EMPTY` */
export async function ingestTar(
  store: Store,
  { source, createdAt, signal }: TarToIngest,
): Promise<{ readonly layer: LayerId; readonly blob: Descriptor; readonly diffId: Digest }> {
  await using peeked = await peek(source, sniffBytes);
  if (peeked.first.byteLength === 0) throw new SlipwayError('SOURCE_EMPTY', 'the archive is empty');
  using writer = store.blobs.create();
  const compression = sniffCompression(peeked.first);
  const mediaType = mediaTypeOf(compression);
  const all = peeked.all[Symbol.asyncIterator]();
  const stored: AsyncIterator<Uint8Array> = {
    async next() {
      const next = await all.next();
      if (next.done !== true && mediaType !== undefined) writer.write(next.value);
      return next;
    },
  };
  const digester = createDigester();
  const entries = await readLayerTar({ [Symbol.asyncIterator]: () => stored }, compression, {
    signal,
    onUncompressed(chunk) {
      digester.update(chunk);
      if (mediaType === undefined) writer.write(chunk);
    },
  });
  // What follows the end of the archive belongs to the blob all the same.
  for (let next = await stored.next(); next.done !== true; next = await stored.next());
  const blob = writer.commit(mediaType ?? mediaTypes.ociLayer);
  const diffId = digester.digest();
  const known = store.layers.byDiffId(diffId);
  if (known !== undefined) {
    store.layers.addForms(known, { blob });
    return { layer: known, blob, diffId };
  }
  const layer = layerIdOfDiff(diffId);
  store.layers.commit({ id: layer, entries, createdAt, diffId, contentDigest: diffId, blobs: [blob] });
  return { layer, blob, diffId };
}

/** What a layer of these bytes is called; `undefined` where images have no name for it, so that it is stored uncompressed. */
function mediaTypeOf(compression: CompressionKind): string | undefined {
  switch (compression) {
    case 'none':
      return mediaTypes.ociLayer;
    case 'gzip':
      return mediaTypes.ociLayerGzip;
    case 'zstd':
      return mediaTypes.ociLayerZstd;
    case 'bzip2':
    case 'xz':
      return undefined;
  }
}
