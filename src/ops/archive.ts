import { SlipwayError } from '../base/index.ts';
import type { Entry, FileNode, LayerId } from '../layer/index.ts';
import { mediaTypes } from '../oci/index.ts';
import { readLayerTar } from '../source/index.ts';
import { looksLikeTar, sniffCompression } from '../tar/index.ts';
import { prepareToRead, streamNode } from './nodes.ts';
import type { OpsState } from './ports.ts';

const headerBytes = 512;

/**
 * The entries of `node` if it is an archive that ADD extracts, told by its content: a tar, perhaps compressed. `undefined` for any
 * other file. The uncompressed archive becomes a layer of its own in the store, to which the entries point.
 */
export async function openArchive(node: FileNode, state: OpsState, signal: AbortSignal): Promise<readonly Entry[] | undefined> {
  const { store, now } = state.ports;
  await prepareToRead([node], state, signal);
  const start = await firstBytes(node, state);
  const compression = sniffCompression(start);
  if (compression === 'none' && !looksLikeTar(start)) return undefined;
  using writer = store.blobs.create();
  let first: Buffer | undefined;
  let entries: readonly Entry[];
  try {
    entries = await readLayerTar(streamNode(node, state), compression, {
      signal,
      asArchive: true,
      onUncompressed(chunk) {
        first ??= Buffer.from(chunk.subarray(0, headerBytes));
        writer.write(chunk);
      },
    });
  } catch (error) {
    if (error instanceof SlipwayError && (error.code === 'TAR_NO_DECOMPRESSOR' || error.code === 'TAR_WINDOW_TOO_LARGE'))
      throw error;
    // A compressed file that is no tar is copied as it is.
    if (compression !== 'none' && (first === undefined || !looksLikeTar(first))) return undefined;
    throw error;
  }
  if (first === undefined || !looksLikeTar(first)) return undefined;
  const blob = writer.commit(mediaTypes.ociLayer);
  const id: LayerId = store.layers.newId();
  store.layers.commit({ id, entries, createdAt: new Date(now()).toISOString(), diffId: blob.digest, blobs: [blob] });
  return entries.map((entry) =>
    entry.type === 'file' ? { ...entry, content: { kind: 'layer', layer: id, path: entry.path } } : entry,
  );
}

async function firstBytes(node: FileNode, state: OpsState): Promise<Uint8Array> {
  for await (const chunk of streamNode(node, state)) return chunk.subarray(0, headerBytes);
  return new Uint8Array(0);
}
