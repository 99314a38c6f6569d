import type { Entry, FileEntry, LayerId } from '../layer/index.ts';
import type { Content } from '../rootfs/index.ts';
import { readFileChunks } from '../store/index.ts';
import { TarWriter } from '../tar/index.ts';

/** Up to here a file is read in one go: cheaper than to stop and go on. */
const smallBytes = 1 << 20;
/** How many entries are written between two looks at the rest of the world. */
const stride = 256;

/**
 * The tar of `entries`, but for the root's own, in pieces that stay valid. Files whose entries don't say where their bytes are belong to `layer`.
 * @throws {SlipwayError} `ROOTFS_NO_FILE`, `TAR_SIZE_MISMATCH`
 */
export async function* tarChunks(
  entries: readonly Entry[],
  layer: LayerId,
  { content, signal }: { readonly content: Content; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const pending: Uint8Array[] = [];
  const tar = new TarWriter({ output: (chunk) => void pending.push(Buffer.from(chunk)) });
  await prepare(entries, layer, content, signal);
  for (const [index, entry] of entries.entries()) {
    if (index % stride === stride - 1) {
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    if (entry.path === '') continue;
    tar.writeHeader(entry);
    if (entry.type === 'file') {
      const big = bigFile(content, layer, entry);
      if (big === undefined) content.read(layer, entry, (chunk) => tar.writeContent(chunk));
      else {
        for await (const chunk of big) {
          tar.writeContent(chunk);
          yield* pending.splice(0);
          signal.throwIfAborted();
        }
      }
    }
    if (pending.length > 0) yield* pending.splice(0);
  }
  tar.finish();
  yield* pending;
}

async function prepare(entries: readonly Entry[], layer: LayerId, content: Content, signal: AbortSignal): Promise<void> {
  const layers = new Set<LayerId>(layer === '' ? [] : [layer]);
  for (const entry of entries) if (entry.type === 'file' && entry.content?.kind === 'layer') layers.add(entry.content.layer);
  for (const each of layers) await content.prepare(each, signal);
}

function bigFile(content: Content, layer: LayerId, entry: FileEntry): AsyncIterable<Uint8Array> | undefined {
  if (entry.sizeBytes <= smallBytes) return undefined;
  const place = content.locate(layer, entry);
  if (place.kind === 'bytes') return undefined;
  return readFileChunks(place.path, place.kind === 'range' ? place.offset : 0, entry.sizeBytes);
}
