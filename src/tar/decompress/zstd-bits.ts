import { badCompression } from './errors.ts';

/**
 * Where a bitstream that is read from its last byte backwards begins: the number of its bits, above `bytes[0]`'s lowest. The highest
 * set bit of its last byte is a mark only (RFC 8878, 4.1, "bitstream").
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION` it has no mark
 */
export function endOfBits(bytes: Uint8Array, at: number, end: number): number {
  const last = end > at ? bytes[end - 1]! : 0;
  if (last === 0) throw badCompression('zstd', 'the bits of a block have no end');
  return end * 8 - 1 - Math.clz32(last << 24);
}

/** `count` bits of `bytes`, 25 at most, from the bit `at` on. 16 bytes more must lie on both sides. */
export function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const byte = at >> 3;
  const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
  return (word >>> (at & 7)) & ((1 << count) - 1);
}
