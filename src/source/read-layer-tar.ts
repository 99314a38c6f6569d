import { type Entry, normalizeLayer, type OpaqueMarker } from '../layer/index.ts';
import { type CompressionKind, createTarParser, decompress, toArchiveEntry, toLayerEntry } from '../tar/index.ts';

export interface ReadTarOptions {
  readonly signal: AbortSignal;
  /** Sees each chunk of the uncompressed tar; it is valid during the call only. */
  readonly onUncompressed?: (chunk: Uint8Array) => void;
  /** An ordinary archive: names such as `.wh.x` mean nothing special, and the order is kept. */
  readonly asArchive?: boolean;
}

/** The entries of a tar as it streams by; its files' contents are passed over, but their offsets are kept. @throws {SlipwayError} `TAR_…`, `LAYER_…` */
export async function readLayerTar(
  source: AsyncIterable<Uint8Array>,
  compression: CompressionKind,
  options: ReadTarOptions,
): Promise<readonly Entry[]> {
  const entries: (Entry | OpaqueMarker)[] = [];
  const parser = createTarParser({
    onMember(member) {
      const entry = options.asArchive === true ? toArchiveEntry(member) : toLayerEntry(member);
      if (entry !== undefined) entries.push(entry);
    },
  });
  for await (const chunk of decompress(source, compression)) {
    options.signal.throwIfAborted();
    options.onUncompressed?.(chunk);
    parser.write(chunk);
    // As BuildKit has it: what follows the end of an archive may be anything, also data that cannot be decompressed.
    if (options.asArchive === true && parser.isDone) break;
  }
  parser.end();
  return options.asArchive === true ? (entries as Entry[]) : normalizeLayer(entries);
}
