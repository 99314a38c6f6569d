import { peek } from '../base/index.ts';
import type { PackedKind } from './decompress/errors.ts';
import { gunzip } from './decompress/gunzip.ts';

export type CompressionKind = 'none' | PackedKind;

/** How many bytes `sniffCompression` wants to see. */
export const sniffBytes = 6;

/** What the first bytes of a stream say about its compression. */
export function sniffCompression(first: Uint8Array): CompressionKind {
  const starts = (...magic: readonly number[]): boolean => magic.every((byte, at) => first[at] === byte);
  if (starts(0x1f, 0x8b, 8)) return 'gzip';
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) return 'xz';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  const isSkippable = ((first[0] ?? 0) & 0xf0) === 0x50 && first[1] === 0x2a && first[2] === 0x4d && first[3] === 0x18;
  return isSkippable ? 'zstd' : 'none';
}

/**
 * The bytes of `source`, decompressed if its first bytes say that they are compressed; names and types count for nothing.
 * Consumes `source`, also on failure; a reader that stops early stops it.
 *
 * @throws {SlipwayError} as `decompress`
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await using peeked = await peek(source, sniffBytes);
  yield* decompress(peeked.all, sniffCompression(peeked.first));
}

/**
 * The bytes of `source`, decompressed. Consumes `source`, also on failure; a reader that stops early stops it.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION` damaged or cut off; `TAR_WINDOW_TOO_LARGE` it would take too much memory;
 * `TAR_NO_DECOMPRESSOR` it uses a rare feature of its format that nothing here reads.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>, kind: CompressionKind): AsyncGenerator<Uint8Array> {
  switch (kind) {
    case 'none':
      yield* source;
      return;
    case 'gzip':
      yield* gunzip(source);
      return;
    case 'bzip2': {
      const { bunzip2 } = await import('./decompress/bzip2.ts');
      yield* bunzip2(source);
      return;
    }
    case 'xz': {
      const { unxz } = await import('./decompress/xz.ts');
      yield* unxz(source);
      return;
    }
    case 'zstd': {
      const { unzstd } = await import('./decompress/zstd.ts');
      yield* unzstd(source);
    }
  }
}
