const pieceBytes = 256 * 1024;
const maxRepeat = 255;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/**
 * The bytes of a block: `block`, whose elements hold one byte each and whose higher bits are used up here, sorted back from
 * `origin` on, and its runs of equal bytes written out. Yields them in pieces, gives their checksum.
 */
export function* inverseBurrowsWheeler(block: Uint32Array, origin: number): Generator<Uint8Array, number> {
  linkInOrder(block);
  let piece = Buffer.allocUnsafe(pieceBytes);
  let at = 0;
  let crc = -1;
  let next = block[origin]! >>> 8;
  let previous = -1;
  let equal = 0;
  for (let left = block.length; left > 0; left--) {
    const element = block[next]!;
    next = element >>> 8;
    const byte = element & 0xff;
    if (equal === 4) {
      // Four equal bytes are followed by how often the byte comes again.
      for (let more = byte; more > 0; more--) {
        piece[at] = previous;
        at += 1;
        crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ previous]!;
      }
      equal = 0;
      previous = -1;
    } else {
      equal = byte === previous ? equal + 1 : 1;
      previous = byte;
      piece[at] = byte;
      at += 1;
      crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
    }
    if (at > pieceBytes - maxRepeat) {
      yield piece.subarray(0, at);
      piece = Buffer.allocUnsafe(pieceBytes);
      at = 0;
    }
  }
  if (at > 0) yield piece.subarray(0, at);
  return ~crc >>> 0;
}

/** Above each byte, write the place of the byte that follows it in the text. */
function linkInOrder(block: Uint32Array): void {
  const starts = new Uint32Array(256);
  for (const byte of block) starts[byte]! += 1;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte]!;
    starts[byte] = sum;
    sum += count;
  }
  for (let at = 0; at < block.length; at++) {
    const byte = block[at]! & 0xff;
    const place = starts[byte]!;
    starts[byte] = place + 1;
    block[place]! |= at << 8;
  }
}
