import { SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { createDigester, type Descriptor, type Digest, type Digester, mediaTypes } from '../oci/index.ts';
import type { Content } from '../rootfs/index.ts';
import type { LayerInfo, Store } from '../store/index.ts';
import { decompressed } from '../tar/index.ts';
import { compressed, type Compressors, fittingBlob, type LayerCompression, recipeOf } from './compression.ts';
import { tarChunks } from './tar-chunks.ts';

export interface BlobPorts {
  readonly store: Store;
  readonly content: Content;
  readonly compressors: Compressors;
  readonly signal: AbortSignal;
}

/** A layer whose tar was written at least once. */
export type WrittenLayer = LayerInfo & { readonly diffId: Digest };

/**
 * The layer's blob in the wanted form, made when there is none. A tar that nobody needs is not kept: it is hashed on its way into
 * the compressor.
 *
 * @throws {SlipwayError} `EXPORT_LAYER_CHANGED` the layer's files are not those its diff ID stands for.
 */
export async function ensureBlob(
  layer: LayerId,
  wanted: LayerCompression,
  ports: BlobPorts,
): Promise<{ readonly blob: Descriptor; readonly info: WrittenLayer }> {
  const { store, signal } = ports;
  const known = infoOf(layer, store);
  const there = known.blobs.filter((blob) => store.blobs.use(blob.digest));
  const fitting = fittingBlob(there, wanted);
  if (known.diffId !== undefined && fitting !== undefined) return { blob: fitting, info: { ...known, diffId: known.diffId } };

  // A layer that came is what its blob says: another tar of the same files would have another diff ID.
  const source = there.find(({ digest }) => digest === known.diffId) ?? there.find(({ made }) => made === undefined);
  const tar =
    source === undefined
      ? tarChunks(store.layers.index(layer).entries, layer, ports)
      : decompressed(store.blobs.stream(source.digest));
  const digester = createDigester();
  using writer = store.blobs.create();
  const chunks = wanted.type === 'uncompressed' ? tar : compressed(hashed(tar, digester), wanted, ports.compressors);
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    writer.write(chunk);
  }
  const blob = writer.commit(mediaTypeOf(wanted));
  const diffId = wanted.type === 'uncompressed' ? blob.digest : digester.digest();
  if (known.diffId !== undefined && known.diffId !== diffId) throw layerChanged(layer, known.diffId, diffId);
  const info = store.layers.addForms(layer, { diffId, blob: { ...blob, made: recipeOf(wanted) } });
  return { blob, info: { ...info, diffId } };
}

function infoOf(layer: LayerId, store: Store): LayerInfo {
  const info = store.layers.info(layer);
  if (info === undefined)
    throw new SlipwayError('STORE_LAYER_MISSING', `the store has no layer \`${layer}\``, { class: 'internal' });
  return info;
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, digester: Digester): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    digester.update(chunk);
    yield chunk;
  }
}

function mediaTypeOf({ type }: LayerCompression): string {
  switch (type) {
    case 'uncompressed':
      return mediaTypes.ociLayer;
    case 'gzip':
      return mediaTypes.ociLayerGzip;
    case 'zstd':
      return mediaTypes.ociLayerZstd;
  }
}

function layerChanged(layer: LayerId, known: Digest, now: Digest): SlipwayError {
  return new SlipwayError(
    'EXPORT_LAYER_CHANGED',
    `layer \`${layer}\` gives the tar \`${now}\`, but it is known as \`${known}\``,
    {
      class: 'internal',
    },
  );
}
