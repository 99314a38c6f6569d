import { SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { type Descriptor, type Digest, mediaTypes } from '../oci/index.ts';
import type { Content } from '../rootfs/index.ts';
import type { LayerInfo, Store } from '../store/index.ts';
import { compressGzip, TarWriter } from '../tar/index.ts';
import { writeContent } from './write-content.ts';

export type LayerCompression = 'uncompressed' | 'gzip';

export interface BlobPorts {
  readonly store: Store;
  readonly content: Content;
  readonly signal: AbortSignal;
}

/**
 * The layer's diff ID, made by writing its tar once when it isn't known. The tar is then in the store as a blob.
 */
export async function ensureDiffId(layer: LayerId, ports: BlobPorts): Promise<LayerInfo & { readonly diffId: Digest }> {
  const info = infoOf(layer, ports.store);
  if (info.diffId !== undefined) return { ...info, diffId: info.diffId };
  const blob = await writeTar(layer, ports);
  const made = ports.store.layers.addForms(layer, { diffId: blob.digest, blob });
  return { ...made, diffId: blob.digest };
}

/**
 * A blob of the layer. `gzip`: a compressed one, made when there is none. `uncompressed`: whichever is there, the plain tar first:
 * a layer that came compressed stays so.
 */
export async function ensureBlob(layer: LayerId, prefer: LayerCompression, ports: BlobPorts): Promise<Descriptor> {
  const { store } = ports;
  const info = await ensureDiffId(layer, ports);
  const there = info.blobs.filter((blob) => store.blobs.has(blob.digest));
  const plain = there.find((blob) => blob.digest === info.diffId);
  const compressed = there.find((blob) => blob.digest !== info.diffId);
  const fitting = prefer === 'gzip' ? compressed : (plain ?? compressed);
  if (fitting !== undefined) return fitting;
  const tar = plain ?? (await writeTar(layer, ports));
  if (tar.digest !== info.diffId) {
    throw new SlipwayError(
      'EXPORT_LAYER_CHANGED',
      `layer \`${layer}\` gives the tar \`${tar.digest}\`, but it is known as \`${info.diffId}\``,
      { class: 'internal' },
    );
  }
  const blob = prefer === 'gzip' ? await compress(tar, ports) : tar;
  store.layers.addForms(layer, { blob });
  return blob;
}

function infoOf(layer: LayerId, store: Store): LayerInfo {
  const info = store.layers.info(layer);
  if (info === undefined)
    throw new SlipwayError('STORE_LAYER_MISSING', `the store has no layer \`${layer}\``, { class: 'internal' });
  return info;
}

async function writeTar(layer: LayerId, { store, content, signal }: BlobPorts): Promise<Descriptor> {
  using writer = store.blobs.create();
  const tar = new TarWriter({ output: (chunk) => writer.write(chunk) });
  await content.prepare(layer, signal);
  const pause = async (): Promise<void> => {
    await new Promise(setImmediate);
    signal.throwIfAborted();
  };
  for (const [index, entry] of store.layers.index(layer).entries.entries()) {
    if ((index & 0xff) === 0xff) await pause();
    tar.writeHeader(entry);
    if (entry.type === 'file') await writeContent(tar, content, layer, entry, pause);
  }
  tar.finish();
  return writer.commit(mediaTypes.ociLayer);
}

async function compress(tar: Descriptor, { store, signal }: BlobPorts): Promise<Descriptor> {
  using writer = store.blobs.create();
  for await (const chunk of compressGzip(store.blobs.stream(tar.digest))) {
    signal.throwIfAborted();
    writer.write(chunk);
  }
  return writer.commit(mediaTypes.ociLayerGzip);
}
