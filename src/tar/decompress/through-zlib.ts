import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badCompression, type PackedKind } from './errors.ts';

export const zlibChunkBytes: number = 256 * 1024;

/** The bytes of `source`, through a decompressor of `node:zlib`. */
export async function* throughZlib(
  source: AsyncIterable<Uint8Array>,
  kind: PackedKind,
  unzip: Duplex,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const feeding = pipeline(source, unzip, { signal: stop.signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array;
  } catch (error) {
    throw asBadCompression(kind, (await feeding) ?? error);
  } finally {
    stop.abort();
    await feeding;
  }
}

/** An error of zlib's own; what the source threw passes unchanged. */
function asBadCompression(kind: PackedKind, error: unknown): unknown {
  const isZlib = error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(Z_|ZSTD_)/.test(error.code);
  return isZlib ? badCompression(kind, error.message, error) : error;
}
