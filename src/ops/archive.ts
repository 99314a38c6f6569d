import { peek, SlipwayError } from '../base/index.ts';
import type { Entry, FileEntry, FileNode } from '../layer/index.ts';
import { mediaTypes } from '../oci/index.ts';
import { createTarParser, decompress, looksLikeTar, sniffCompression, TarWriter, toArchiveEntry } from '../tar/index.ts';
import { prepareToRead, streamNode } from './nodes.ts';
import type { OpsState } from './ports.ts';

const headerBytes = 512;

/**
 * The entries of `node` if it is an archive that ADD extracts, told by its content: a tar, perhaps compressed. `undefined` for any
 * other file. They come in the archive's order; the files' contents become a layer of the store, to which the entries point.
 *
 * What follows the end of the archive may be anything, also data that cannot be decompressed.
 */
export async function openArchive(node: FileNode, state: OpsState, signal: AbortSignal): Promise<readonly Entry[] | undefined> {
  await prepareToRead([node], state, signal);
  const start = await firstBytes(streamNode(node, state));
  const compression = sniffCompression(start);
  if (compression === 'none') return looksLikeTar(start) ? await readArchive(streamNode(node, state), state, signal) : undefined;
  await using unpacked = await peek(decompress(streamNode(node, state), compression), headerBytes).catch((error: unknown) => {
    // It only looks compressed, or is cut off before it shows what it holds.
    if (error instanceof SlipwayError && error.code === 'TAR_BAD_COMPRESSION') return undefined;
    throw error;
  });
  return unpacked !== undefined && looksLikeTar(unpacked.first) ? await readArchive(unpacked.all, state, signal) : undefined;
}

async function readArchive(tar: AsyncIterable<Uint8Array>, state: OpsState, signal: AbortSignal): Promise<readonly Entry[]> {
  const { store, now } = state.ports;
  using writer = store.blobs.create();
  const contents = new TarWriter({ output: (chunk) => writer.write(chunk) });
  const layer = store.layers.newId();
  const files: FileEntry[] = [];
  const entries: Entry[] = [];
  const parser = createTarParser({
    onMember(member) {
      const entry = toArchiveEntry(member);
      if (entry.type !== 'file') {
        entries.push(entry);
        return;
      }
      // An archive may have a name twice: within the layer, files go by number.
      const path = String(files.length).padStart(10, '0');
      const { tarOffset: _, ...file } = entry;
      const stored: FileEntry = { type: 'file', path, sizeBytes: file.sizeBytes, mode: 0o644, uid: 0, gid: 0, mtimeSec: 0 };
      files.push({ ...stored, tarOffset: contents.writeHeader(stored) });
      entries.push({ ...file, content: { kind: 'layer', layer, path } });
    },
    onData: (chunk) => contents.writeContent(chunk),
  });
  for await (const chunk of tar) {
    signal.throwIfAborted();
    parser.write(chunk);
    if (parser.isDone) break;
  }
  parser.end();
  contents.finish();
  const blob = writer.commit(mediaTypes.ociLayer);
  const createdAt = new Date(now()).toISOString();
  store.layers.commit({ id: layer, entries: files, createdAt, diffId: blob.digest, blobs: [blob] });
  return entries;
}

async function firstBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const chunk of chunks) return chunk.subarray(0, headerBytes);
  return new Uint8Array(0);
}
