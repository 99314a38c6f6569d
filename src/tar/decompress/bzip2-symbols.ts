import type { BitReader } from './bit-reader.ts';
import { badCompression } from './errors.ts';

const maxCodeLength = 20;
const groupSize = 50;
/** Codes up to this length are found by one look into a table. */
const fastBits = 10;

/** A canonical Huffman code, longest codes of 20 bits. */
interface Code {
  /** For each ten bits: symbol * 32 + length; 0 for longer codes. */
  readonly fast: Uint16Array;
  /** For each length: the first code behind those of this length, filled up to 20 bits. */
  readonly limit: Int32Array;
  /** What to add to a code of this length for its place in `symbols`. */
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
}

/** Decode a block up to its end into `into`, one byte value for each element. Gives how many there are. */
export function decodeSymbols(bits: BitReader, into: Uint32Array): number {
  const used = usedBytes(bits);
  const endSymbol = used.length + 1;
  const codeCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (codeCount < 2 || codeCount > 6 || selectorCount === 0)
    throw badCompression('bzip2', 'a block has a wrong number of tables');
  const selectors = readSelectors(bits, codeCount, selectorCount);
  const codes = Array.from({ length: codeCount }, () => readCode(bits, endSymbol + 1));

  const recent = used; // move-to-front
  let count = 0;
  let run = 0;
  let runBit = 1;
  for (let group = 0; group < selectorCount; group++) {
    if (bits.isOver) throw badCompression('bzip2', 'it ends too early');
    const code = codes[selectors[group]!]!;
    for (let left = groupSize; left > 0; left--) {
      const symbol = decode(bits, code);
      if (symbol <= 1) {
        // The length of a run, in digits of 1 and 2.
        if (runBit > into.length) throw tooLong();
        run += runBit << symbol;
        runBit *= 2;
        continue;
      }
      if (run > 0) {
        if (run > into.length - count) throw tooLong();
        into.fill(recent[0]!, count, count + run);
        count += run;
        run = 0;
        runBit = 1;
      }
      if (symbol === endSymbol) return count;
      if (count === into.length) throw tooLong();
      const at = symbol - 1;
      const byte = recent[at]!;
      recent.copyWithin(1, 0, at);
      recent[0] = byte;
      into[count] = byte;
      count += 1;
    }
  }
  throw badCompression('bzip2', 'a block has no end');
}

function tooLong(): Error {
  return badCompression('bzip2', 'a block is longer than its stream allows');
}

/** The byte values that the block has, ascending. */
function usedBytes(bits: BitReader): Uint8Array {
  const found: number[] = [];
  const rows = bits.read(16);
  for (let row = 0; row < 16; row++) {
    if (((rows >> (15 - row)) & 1) === 0) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) if (((columns >> (15 - column)) & 1) === 1) found.push(row * 16 + column);
  }
  if (found.length === 0) throw badCompression('bzip2', 'a block has no bytes');
  return Uint8Array.from(found);
}

/** Which code each group of 50 symbols uses. */
function readSelectors(bits: BitReader, codeCount: number, count: number): Uint8Array {
  const recent = Array.from({ length: codeCount }, (_, at) => at);
  const selectors = new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    let place = 0;
    while (bits.read(1) === 1) {
      place += 1;
      if (place >= codeCount) throw badCompression('bzip2', 'a block names a table that it does not have');
    }
    const [code = 0] = recent.splice(place, 1);
    recent.unshift(code);
    selectors[at] = code;
  }
  return selectors;
}

function readCode(bits: BitReader, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.read(1) === 1) {
      length += bits.read(1) === 0 ? 1 : -1;
      if (length < 1 || length > maxCodeLength) break;
    }
    if (length < 1 || length > maxCodeLength) throw badCompression('bzip2', 'a code of a block is too long');
    lengths[symbol] = length;
  }
  return makeCode(lengths);
}

function makeCode(lengths: Uint8Array): Code {
  const counts = new Int32Array(maxCodeLength + 2);
  for (const length of lengths) counts[length]! += 1;
  const limit = new Int32Array(maxCodeLength + 2);
  const base = new Int32Array(maxCodeLength + 2);
  const starts = new Int32Array(maxCodeLength + 2);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    starts[length] = place;
    base[length] = place - code;
    code += counts[length]!;
    place += counts[length]!;
    limit[length] = code << (maxCodeLength - length);
    if (code > 1 << length) throw badCompression('bzip2', 'the codes of a block overlap');
    code <<= 1;
  }
  const symbols = new Uint16Array(lengths.length);
  const fast = new Uint16Array(1 << fastBits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    const at = starts[length]!;
    starts[length] = at + 1;
    symbols[at] = symbol;
    if (length > fastBits) continue;
    const from = (at - base[length]!) << (fastBits - length);
    fast.fill(symbol * 32 + length, from, from + (1 << (fastBits - length)));
  }
  return { fast, limit, base, symbols };
}

function decode(bits: BitReader, code: Code): number {
  const peeked = bits.peek(maxCodeLength);
  const found = code.fast[peeked >> (maxCodeLength - fastBits)]!;
  if (found !== 0) {
    bits.skip(found & 31);
    return found >> 5;
  }
  for (let length = fastBits + 1; length <= maxCodeLength; length++) {
    if (peeked >= code.limit[length]!) continue;
    bits.skip(length);
    return code.symbols[(peeked >> (maxCodeLength - length)) + code.base[length]!]!;
  }
  throw badCompression('bzip2', 'a block has a code that stands for nothing');
}
