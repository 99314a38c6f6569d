import { type HostPath, SlipwayError } from '../base/index.ts';
import type { Entry, FileEntry } from '../layer/index.ts';
import { createDirectoryWriter, type OpenFile } from './directory-writer.ts';

/**
 * Write a layer's directory form from its uncompressed tar as it streams by. The index says where each file's bytes are,
 * so nothing of the tar is parsed again.
 *
 * @throws {SlipwayError} `ROOTFS_SHORT_CONTENT` the stream ends early; those of `writeDirectory`
 */
export async function unpackStream(
  entries: readonly Entry[],
  dest: HostPath,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const writer = createDirectoryWriter(dest, {});
  const files: (FileEntry & { readonly tarOffset: number })[] = [];
  const others: Exclude<Entry, FileEntry>[] = [];
  for (const entry of entries) {
    if (entry.type === 'dir') writer.add(entry);
    else if (entry.type !== 'file') others.push(entry);
    else if (entry.content?.kind === 'inline') writer.addFile(entry, [Buffer.from(entry.content.base64, 'base64')]);
    else if (entry.sizeBytes === 0) writer.addFile(entry, []);
    else if (entry.tarOffset !== undefined) files.push({ ...entry, tarOffset: entry.tarOffset });
    else throw short(entry);
  }
  files.sort((a, b) => a.tarOffset - b.tarOffset);
  const last = await fill(files, chunks, (entry) => writer.beginFile(entry), signal);
  if (last !== undefined) throw short(last);
  for (const entry of others) writer.add(entry);
  writer.finish();
}

/** Cut `files` out of the stream. Gives the first that is missing, if the stream ends early. */
async function fill(
  files: readonly (FileEntry & { readonly tarOffset: number })[],
  chunks: AsyncIterable<Uint8Array>,
  begin: (entry: FileEntry) => OpenFile,
  signal: AbortSignal,
): Promise<FileEntry | undefined> {
  let next = 0;
  let open: OpenFile | undefined;
  let streamAt = 0;
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      const chunkEnd = streamAt + chunk.byteLength;
      for (let file = files[next]; file !== undefined && file.tarOffset < chunkEnd; file = files[next]) {
        open ??= begin(file);
        const fileEnd = file.tarOffset + file.sizeBytes;
        const from = Math.max(file.tarOffset, streamAt) - streamAt;
        open.write(chunk.subarray(from, Math.min(fileEnd, chunkEnd) - streamAt));
        if (fileEnd > chunkEnd) break;
        const done: OpenFile = open;
        open = undefined;
        done.end();
        next += 1;
      }
      streamAt = chunkEnd;
    }
  } catch (error) {
    open?.abandon();
    throw error;
  }
  open?.abandon();
  return files[next];
}

function short(entry: FileEntry): SlipwayError {
  return new SlipwayError('ROOTFS_SHORT_CONTENT', `the layer's blob has no content for \`/${entry.path}\``, {
    class: 'internal',
  });
}
