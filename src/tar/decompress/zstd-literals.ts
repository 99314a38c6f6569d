import { badCompression } from './errors.ts';
import { decodeLiterals, type HuffmanTable, readHuffmanTable } from './zstd-huffman.ts';

export const maxBlockBytes: number = 128 * 1024;

/** The literals of a block, and what the next block may use of them. */
export interface Literals {
  /** The first `count` bytes. */
  readonly bytes: Uint8Array;
  count: number;
  huffman: HuffmanTable | undefined;
}

/**
 * Read the literals section at `bytes[at..end)` (RFC 8878, 3.1.1.3.1). Gives the place behind it.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
 */
export function readLiterals(literals: Literals, bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  const kind = first & 3;
  const format = (first >> 2) & 3;
  if (kind >= 2) return readPacked(literals, bytes, at, end);
  const headerBytes = format === 3 ? 3 : format === 1 ? 2 : 1;
  const header = bytes.readUIntLE(at, headerBytes);
  const count = header >> (headerBytes === 1 ? 3 : 4);
  const start = at + headerBytes;
  const after = start + (kind === 0 ? count : 1);
  if (count > maxBlockBytes || after > end) throw badSize();
  if (kind === 0) literals.bytes.set(bytes.subarray(start, after));
  else literals.bytes.fill(bytes[start]!, 0, count);
  literals.count = count;
  return after;
}

function readPacked(literals: Literals, bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  const format = (first >> 2) & 3;
  const headerBytes = format <= 1 ? 3 : format + 2;
  if (at + headerBytes > end) throw badSize();
  const sizeBits = format <= 1 ? 10 : format === 2 ? 14 : 18;
  // Up to 40 bits: two sizes behind four bits of header.
  const header = Math.floor(bytes.readUIntLE(at, headerBytes) / 16);
  const count = header % (1 << sizeBits);
  const start = at + headerBytes;
  const after = start + Math.floor(header / (1 << sizeBits));
  if (count > maxBlockBytes || after > end) throw badSize();
  let streams = start;
  if ((first & 3) === 2) ({ table: literals.huffman, at: streams } = readHuffmanTable(bytes, start, after));
  if (literals.huffman === undefined) throw badCompression('zstd', 'a block repeats a Huffman tree that was never given');
  literals.count = count;
  const into = literals.bytes;
  if (format === 0) {
    decodeLiterals(literals.huffman, bytes, { at: streams, end: after }, { into, from: 0, to: count });
    return after;
  }
  // Four streams, the sizes of the first three before them.
  if (streams + 6 > after) throw badSize();
  const quarter = (count + 3) >> 2;
  let from = streams + 6;
  for (let stream = 0; stream < 4; stream++) {
    const to = stream === 3 ? after : from + bytes.readUInt16LE(streams + stream * 2);
    const last = stream === 3 ? count : quarter * (stream + 1);
    if (to > after || last > count) throw badSize();
    decodeLiterals(literals.huffman, bytes, { at: from, end: to }, { into, from: quarter * stream, to: last });
    from = to;
  }
  return after;
}

function badSize(): Error {
  return badCompression('zstd', 'the literals of a block have a wrong size');
}
