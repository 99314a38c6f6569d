import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { peek, SlipwayError } from '../base/index.ts';

export type CompressionKind = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

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
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION` damaged or cut off; `TAR_NO_DECOMPRESSOR` nothing here can read `kind`.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>, kind: CompressionKind): AsyncGenerator<Uint8Array> {
  if (kind === 'none') {
    yield* source;
    return;
  }
  if (kind !== 'gzip') {
    throw new SlipwayError('TAR_NO_DECOMPRESSOR', `cannot read data compressed with ${kind}`, {
      hint: 'compress it with gzip, or not at all',
    });
  }
  yield* gunzip(source);
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  const stop = new AbortController();
  const feeding = pipeline(source, unzip, { signal: stop.signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array;
  } catch (error) {
    throw asBadCompression((await feeding) ?? error);
  } finally {
    stop.abort();
    await feeding;
  }
}

/** An error of zlib's own; what the source threw passes unchanged. */
function asBadCompression(error: unknown): unknown {
  const isZlib = error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
  if (!isZlib) return error;
  return new SlipwayError('TAR_BAD_COMPRESSION', `the gzip data is damaged: ${error.message}`, {
    cause: error,
    hint: 'download or make it again',
  });
}
