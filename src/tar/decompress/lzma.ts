import { badCompression } from './errors.ts';
import type { Window } from './window.ts';

// LZMA as in the LZMA specification that comes with the LZMA SDK. A probability is the chance of a 0, of 2048.

const initial = 1024;
const top = 2 ** 24;
const stateCount = 12;
const maxPosBits = 4;
const literalSize = 0x300;
const minMatch = 2;
const endPosModel = 14;
const fullDistances = 128;
const alignBits = 4;

// Where each group of probabilities begins in the one array of them.
const isMatch = 0;
const isRep = isMatch + (stateCount << maxPosBits);
const isRepG0 = isRep + stateCount;
const isRepG1 = isRepG0 + stateCount;
const isRepG2 = isRepG1 + stateCount;
const isRep0Long = isRepG2 + stateCount;
const posSlot = isRep0Long + (stateCount << maxPosBits);
const posSpecial = posSlot + 4 * 64;
const align = posSpecial + 1 + fullDistances - endPosModel;
const matchLength = align + (1 << alignBits);
// Of a length coder: two choices, eight codes for each position twice, 256 more.
const lowLengths = 2;
const midLengths = lowLengths + (8 << maxPosBits);
const highLengths = midLengths + (8 << maxPosBits);
const repLength = matchLength + highLengths + 256;
const literal = repLength + highLengths + 256;
const maxLiteralBits = 4;

/** An LZMA decoder: its properties, its probabilities and where it stands, kept from one chunk of LZMA2 to the next. */
export class LzmaDecoder {
  readonly #window: Window;
  readonly #dictionaryBytes: number;
  readonly #probs: Uint16Array = new Uint16Array(literal + (literalSize << maxLiteralBits));
  #literalContextBits = 0;
  #literalPosMask = 0;
  #posMask = 0;
  #state = 0;
  /** How far back the last four matches began, minus one. */
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  /** Bytes since the dictionary was reset. */
  #position = 0;

  constructor(window: Window, dictionaryBytes: number) {
    this.#window = window;
    this.#dictionaryBytes = dictionaryBytes;
  }

  /** @throws {SlipwayError} `TAR_BAD_COMPRESSION` */
  setProperties(byte: number): void {
    const contextBits = byte % 9;
    const posBits = Math.floor(byte / 9) % 5;
    if (byte >= 9 * 5 * 5 || contextBits + posBits > maxLiteralBits)
      throw badCompression('xz', 'its properties are out of range');
    this.#literalContextBits = contextBits;
    this.#literalPosMask = (1 << posBits) - 1;
    this.#posMask = (1 << Math.floor(byte / 45)) - 1;
  }

  resetState(): void {
    this.#probs.fill(initial);
    this.#state = 0;
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  resetDictionary(): void {
    this.#window.reset();
    this.#position = 0;
  }

  /** `count` bytes were put into the window without being coded. */
  skip(count: number): void {
    this.#position += count;
  }

  /**
   * Decode `count` bytes from `bytes[at..end)`, which they must fill, into the window, where there is room for them.
   *
   * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
   */
  decode(bytes: Uint8Array, at: number, end: number, count: number): void {
    const probs = this.#probs;
    const into = this.#window.buffer;
    const start = this.#window.at;
    const stop = start + count;
    const posMask = this.#posMask;
    const contextBits = this.#literalContextBits;
    const literalPosMask = this.#literalPosMask;
    // A match may not reach back further than the dictionary, nor before its beginning.
    const dictionaryBytes = this.#dictionaryBytes;
    const offset = this.#position - start;
    let place = start;
    let state = this.#state;
    let rep0 = this.#rep0;
    let rep1 = this.#rep1;
    let rep2 = this.#rep2;
    let rep3 = this.#rep3;

    // The range coder, in locals: nothing else here is as hot. Its two unsigned numbers are kept as signed ones, which V8 needs
    // no heap for. Behind the end it reads zeros, which is told apart below.
    let next = at + 5;
    let range = -1;
    let code = (bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!;
    if (end - at < 5 || bytes[at] !== 0) throw badCompression('xz', 'a chunk does not begin as one');

    const bit = (index: number): number => {
      const prob = probs[index]!;
      const bound = Math.imul(range >>> 11, prob);
      let result = 0;
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probs[index] = prob + ((2048 - prob) >> 5);
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probs[index] = prob - (prob >> 5);
        result = 1;
      }
      if (range >>> 0 < top) {
        range <<= 8;
        code = (code << 8) | (next < end ? bytes[next]! : 0);
        next += 1;
      }
      return result;
    };
    const tree = (base: number, bits: number): number => {
      let symbol = 1;
      for (let left = bits; left > 0; left--) symbol = symbol * 2 + bit(base + symbol);
      return symbol - (1 << bits);
    };
    const reverseTree = (base: number, bits: number): number => {
      let symbol = 1;
      let result = 0;
      for (let index = 0; index < bits; index++) {
        const value = bit(base + symbol);
        symbol = symbol * 2 + value;
        result |= value << index;
      }
      return result;
    };
    const direct = (bits: number): number => {
      let result = 0;
      for (let left = bits; left > 0; left--) {
        range >>>= 1;
        const isOne = code >>> 0 >= range;
        if (isOne) code = (code - range) | 0;
        result = (result << 1) | (isOne ? 1 : 0);
        if (range < top) {
          range <<= 8;
          code = (code << 8) | (next < end ? bytes[next]! : 0);
          next += 1;
        }
      }
      return result;
    };
    const length = (base: number, posState: number): number => {
      if (bit(base) === 0) return tree(base + lowLengths + (posState << 3), 3);
      if (bit(base + 1) === 0) return 8 + tree(base + midLengths + (posState << 3), 3);
      return 16 + tree(base + highLengths, 8);
    };

    while (place < stop) {
      if (next > end) throw tooShort();
      const posState = (place + offset) & posMask;
      if (bit(isMatch + (state << maxPosBits) + posState) === 0) {
        const previous = place + offset > 0 ? into[place - 1]! : 0;
        const context = (((place + offset) & literalPosMask) << contextBits) + (previous >> (8 - contextBits));
        const base = literal + literalSize * context;
        let symbol = 1;
        if (state >= 7) {
          if (rep0 >= place + offset) throw tooFar();
          let matched = into[place - rep0 - 1]!;
          do {
            matched <<= 1;
            const wanted = (matched >> 8) & 1;
            const value = bit(base + ((1 + wanted) << 8) + symbol);
            symbol = symbol * 2 + value;
            if (wanted !== value) break;
          } while (symbol < 0x100);
        }
        while (symbol < 0x100) symbol = symbol * 2 + bit(base + symbol);
        into[place] = symbol;
        place += 1;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }

      let count = 0;
      if (bit(isRep + state) === 0) {
        rep3 = rep2;
        rep2 = rep1;
        rep1 = rep0;
        count = minMatch + length(matchLength, posState);
        state = state < 7 ? 7 : 10;
        const slot = tree(posSlot + (Math.min(count - minMatch, 3) << 6), 6);
        if (slot < 4) rep0 = slot;
        else {
          const bits = (slot >> 1) - 1;
          rep0 = (2 + (slot & 1)) * 2 ** bits;
          if (slot < endPosModel) rep0 += reverseTree(posSpecial + rep0 - slot, bits);
          else rep0 += direct(bits - alignBits) * 16 + reverseTree(align, alignBits);
        }
      } else if (bit(isRepG0 + state) === 0) {
        if (bit(isRep0Long + (state << maxPosBits) + posState) === 0) {
          count = 1;
          state = state < 7 ? 9 : 11;
        }
      } else if (bit(isRepG1 + state) === 0) [rep0, rep1] = [rep1, rep0];
      else if (bit(isRepG2 + state) === 0) [rep0, rep1, rep2] = [rep2, rep0, rep1];
      else [rep0, rep1, rep2, rep3] = [rep3, rep0, rep1, rep2];
      if (count === 0) {
        count = minMatch + length(repLength, posState);
        state = state < 7 ? 8 : 11;
      }
      if (rep0 >= place + offset || rep0 >= dictionaryBytes) throw tooFar();
      if (count > stop - place) throw badCompression('xz', 'a match is longer than its chunk');
      const from = place - rep0 - 1;
      if (count > 32 && rep0 >= count) into.copyWithin(place, from, from + count);
      else for (let index = 0; index < count; index++) into[place + index] = into[from + index]!;
      place += count;
    }
    if (next !== end || code !== 0) throw tooShort();
    this.#window.at = place;
    this.#position += count;
    this.#state = state;
    this.#rep0 = rep0;
    this.#rep1 = rep1;
    this.#rep2 = rep2;
    this.#rep3 = rep3;
  }
}

function tooFar(): Error {
  return badCompression('xz', 'a match reaches back too far');
}

function tooShort(): Error {
  return badCompression('xz', 'a chunk does not have the length that it says');
}
