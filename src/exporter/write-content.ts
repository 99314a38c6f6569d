import type { FileEntry, LayerId } from '../layer/index.ts';
import type { Content } from '../rootfs/index.ts';
import { readFileChunks } from '../store/index.ts';
import type { TarWriter } from '../tar/index.ts';

/** Up to here a file is read in one go: cheaper than to stop and go on. */
const smallBytes = 1 << 20;

/** Write the content of a file of `layer` to `tar`, with a `pause` after each piece of a big one. Call `content.prepare` first. */
export async function writeContent(
  tar: TarWriter,
  content: Content,
  layer: LayerId,
  entry: FileEntry,
  pause: () => Promise<void>,
): Promise<void> {
  const place = entry.sizeBytes > smallBytes ? content.locate(layer, entry) : undefined;
  if (place === undefined || place.kind === 'bytes') return content.read(layer, entry, (chunk) => tar.writeContent(chunk));
  for await (const chunk of readFileChunks(place.path, place.kind === 'range' ? place.offset : 0, entry.sizeBytes)) {
    tar.writeContent(chunk);
    await pause();
  }
}
