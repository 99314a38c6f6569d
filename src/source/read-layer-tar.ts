import { type Entry, normalizeLayer, type OpaqueMarker } from '../layer/index.ts';
import { type CompressionKind, createTarParser, decompress, toLayerEntry } from '../tar/index.ts';

export interface ReadTarOptions {
  readonly signal: AbortSignal;
  /** Sees each chunk of the uncompressed tar; it is valid during the call only. */
  readonly onUncompressed?: (chunk: Uint8Array) => void;
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
      const entry = toLayerEntry(member);
      if (entry !== undefined) entries.push(entry);
    },
  });
  for await (const chunk of decompress(source, compression)) {
    options.signal.throwIfAborted();
    options.onUncompressed?.(chunk);
    parser.write(chunk);
  }
  parser.end();
  return normalizeLayer(entries);
}
