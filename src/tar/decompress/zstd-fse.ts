import { badCompression } from './errors.ts';

/** A decoding table of finite state entropy: for each state its symbol, and how the next state is found (RFC 8878, 4.1). */
export interface FseTable {
  readonly accuracyLog: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly baselines: Uint16Array;
}

/** A table of one symbol, which takes no bits (RLE mode). */
export function fseOfOne(symbol: number): FseTable {
  return { accuracyLog: 0, symbols: Uint8Array.of(symbol), bits: Uint8Array.of(0), baselines: Uint16Array.of(0) };
}

/** Spread the symbols over the states (RFC 8878, 4.1.1). -1 stands for "less than one". */
export function fseTable(probabilities: readonly number[], accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size;
  probabilities.forEach((probability, symbol) => {
    next[symbol] = Math.abs(probability);
    if (probability !== -1) return;
    high -= 1;
    symbols[high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  probabilities.forEach((probability, symbol) => {
    for (let count = 0; count < probability; count++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  const bits = new Uint8Array(size);
  const baselines = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state]!;
    const number = next[symbol]!;
    next[symbol] = number + 1;
    const wanted = accuracyLog - (31 - Math.clz32(number));
    bits[state] = wanted;
    baselines[state] = (number << wanted) - size;
  }
  return { accuracyLog, symbols, bits, baselines };
}

/**
 * Read a table's description at `bytes[at..end)` (RFC 8878, 4.1.1). Gives the place behind it too.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
 */
export function readFseTable(
  bytes: Uint8Array,
  at: number,
  end: number,
  limits: { readonly maxSymbol: number; readonly maxAccuracyLog: number },
): { readonly table: FseTable; readonly at: number } {
  let bit = at * 8;
  const peek = (): number => {
    const byte = bit >> 3;
    const word = byteAt(byte) | (byteAt(byte + 1) << 8) | (byteAt(byte + 2) << 16);
    return word >>> (bit & 7);
  };
  const byteAt = (place: number): number => (place < end ? bytes[place]! : 0);
  const accuracyLog = (peek() & 15) + 5;
  bit += 4;
  if (accuracyLog > limits.maxAccuracyLog) throw badTable();
  const probabilities: number[] = [];
  let left = 1 << accuracyLog;
  while (left > 0) {
    if (probabilities.length > limits.maxSymbol || bit > end * 8) throw badTable();
    // A value of 0 … left + 1; the small ones take one bit less.
    const width = 32 - Math.clz32(left + 1);
    const value = peek() & ((1 << width) - 1);
    const low = value & ((1 << (width - 1)) - 1);
    const short = (1 << width) - 1 - (left + 1);
    const isShort = low < short;
    bit += isShort ? width - 1 : width;
    const read = isShort ? low : value >= 1 << (width - 1) ? value - short : value;
    const probability = read - 1;
    probabilities.push(probability);
    left -= Math.abs(probability);
    if (probability !== 0) continue;
    for (let repeat = 3; repeat === 3; ) {
      repeat = peek() & 3;
      bit += 2;
      for (let count = 0; count < repeat; count++) probabilities.push(0);
      if (probabilities.length > limits.maxSymbol + 1) throw badTable();
    }
  }
  const after = (bit + 7) >> 3;
  if (left !== 0 || after > end || probabilities.length > limits.maxSymbol + 1) throw badTable();
  return { table: fseTable(probabilities, accuracyLog), at: after };
}

function badTable(): Error {
  return badCompression('zstd', 'a table of a block is malformed');
}
