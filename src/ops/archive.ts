import type { Entry, FileNode, LayerId } from '../layer/index.ts';
import { mediaTypes } from '../oci/index.ts';
import { readLayerTar } from '../source/index.ts';
import { looksLikeTar, sniffCompression } from '../tar/index.ts';
import { readNode } from './nodes.ts';
import type { OpsState } from './ports.ts';

/**
 * The entries of `node` if it is an archive that ADD extracts, told by its content: a tar, perhaps compressed. `undefined` for any
 * other file. The uncompressed archive becomes a layer of its own in the store, to which the entries point.
 */
export async function openArchive(node: FileNode, state: OpsState, signal: AbortSignal): Promise<readonly Entry[] | undefined> {
  const { store, now } = state.ports;
  const bytes = readNode(node, state);
  const compression = sniffCompression(bytes.subarray(0, 512));
  if (compression === 'none' && !looksLikeTar(bytes.subarray(0, 512))) return undefined;
  using writer = store.blobs.create();
  let first: Buffer | undefined;
  const chunks = (async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  })();
  let entries: readonly Entry[];
  try {
    entries = await readLayerTar(chunks, compression, {
      signal,
      asArchive: true,
      onUncompressed(chunk) {
        first ??= Buffer.from(chunk.subarray(0, 512));
        writer.write(chunk);
      },
    });
  } catch (error) {
    // A compressed file that is no tar is copied as it is.
    if (compression !== 'none' && (first === undefined || !looksLikeTar(first))) return undefined;
    throw error;
  }
  if (first === undefined || !looksLikeTar(first)) return undefined;
  const blob = writer.commit(mediaTypes.ociLayer);
  const id: LayerId = store.layers.newId();
  store.layers.commit({ id, entries, createdAt: new Date(now()).toISOString(), diffId: blob.digest, blobs: [blob] });
  return entries.map((entry) => (entry.type === 'file' ? { ...entry, content: { kind: 'layer', layer: id, path: entry.path } } : entry));
}
