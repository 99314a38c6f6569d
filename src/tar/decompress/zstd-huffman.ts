import { badCompression } from './errors.ts';
import { bitsAt, endOfBits } from './zstd-bits.ts';
import { readFseTable } from './zstd-fse.ts';

const maxCodeLength = 11;
const maxWeightLog = 6;
const maxWeight = 12;

/** For each `bits` bits: symbol * 16 + length of its code (RFC 8878, 4.2). */
export interface HuffmanTable {
  readonly bits: number;
  readonly codes: Uint16Array;
}

/** Read the description of a Huffman tree. Gives the place behind it too. @throws {SlipwayError} `TAR_BAD_COMPRESSION` */
export function readHuffmanTable(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly table: HuffmanTable; readonly at: number } {
  if (at >= end) throw badTree();
  const header = bytes[at]!;
  const start = at + 1;
  const isDirect = header >= 128;
  const after = start + (isDirect ? (header - 127 + 1) >> 1 : header);
  if (after > end) throw badTree();
  const weights = isDirect ? directWeights(bytes, start, header - 127) : packedWeights(bytes, start, after);
  return { table: tableOf(weights), at: after };
}

function directWeights(bytes: Uint8Array, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (bytes[start + (at >> 1)]! >> (at % 2 === 0 ? 4 : 0)) & 15);
}

/** Weights of two interleaved states (RFC 8878, 4.2.1.2). */
function packedWeights(bytes: Uint8Array, start: number, end: number): number[] {
  const { table, at } = readFseTable(bytes, start, end, { maxSymbol: maxWeight, maxAccuracyLog: maxWeightLog });
  const firstBit = at * 8;
  let bit = endOfBits(bytes, at, end);
  const read = (count: number): number => {
    bit -= count;
    return bit >= firstBit ? bitsAt(bytes, bit, count) : 0;
  };
  let state = read(table.accuracyLog);
  let other = read(table.accuracyLog);
  const weights: number[] = [];
  if (bit < firstBit) throw badTree();
  for (;;) {
    weights.push(table.symbols[state]!);
    const next = table.baselines[state]! + read(table.bits[state]!);
    if (bit < firstBit) {
      // The bits ran out for this state: the other one holds the last weight.
      weights.push(table.symbols[other]!);
      return weights;
    }
    state = other;
    other = next;
    if (weights.length > 254) throw badTree();
  }
}

/** The last symbol's weight is not written: it fills the sum up to a power of two. */
function tableOf(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    if (weight > maxWeight) throw badTree();
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0) throw badTree();
  const bits = 32 - Math.clz32(sum);
  const left = (1 << bits) - sum;
  if (bits > maxCodeLength || (left & (left - 1)) !== 0) throw badTree();
  weights.push(32 - Math.clz32(left));
  if (weights.length > 256) throw badTree();
  const codes = new Uint16Array(1 << bits);
  let at = 0;
  for (let weight = 1; weight <= bits; weight++) {
    weights.forEach((own, symbol) => {
      if (own !== weight) return;
      const to = at + (1 << (weight - 1));
      codes.fill(symbol * 16 + bits + 1 - weight, at, to);
      at = to;
    });
  }
  return { bits, codes };
}

function badTree(): Error {
  return badCompression('zstd', 'a Huffman tree of a block is malformed');
}

/**
 * Decode one stream of literals into `into[from..to)`; it must have just as many.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
 */
export function decodeLiterals(
  { bits, codes }: HuffmanTable,
  bytes: Uint8Array,
  { at, end }: { readonly at: number; readonly end: number },
  { into, from, to }: { readonly into: Uint8Array; readonly from: number; readonly to: number },
): void {
  const firstBit = at * 8;
  const mask = (1 << bits) - 1;
  let bit = endOfBits(bytes, at, end);
  let place = from;
  // Two codes take 22 bits at most, which one look shows.
  for (; place + 1 < to && bit > firstBit; place += 2) {
    const low = bit - 2 * bits;
    const byte = low >> 3;
    const word = (bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24)) >>> (low & 7);
    const first = codes[(word >>> bits) & mask]!;
    into[place] = first >> 4;
    const second = codes[(word >>> (bits - (first & 15))) & mask]!;
    into[place + 1] = second >> 4;
    bit -= (first & 15) + (second & 15);
  }
  if (place < to && bit > firstBit) {
    const code = codes[bitsAt(bytes, bit - bits, bits)]!;
    into[place] = code >> 4;
    bit -= code & 15;
    place += 1;
  }
  if (place !== to || bit !== firstBit) throw badCompression('zstd', 'the literals of a block do not fill their place');
}
