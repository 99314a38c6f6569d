import { badCompression } from './errors.ts';
import type { Window } from './window.ts';
import { bitsAt, endOfBits } from './zstd-bits.ts';
import { type FseTable, fseOfOne, fseTable, readFseTable } from './zstd-fse.ts';
import type { Literals } from './zstd-literals.ts';

// The tables of RFC 8878, 3.1.1.3.2: what each code stands for, and how many bits are added to it.
const literalBits = Uint8Array.of(...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
const matchBits = Uint8Array.of(...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
const literalBase = basesOf(literalBits, 0);
const matchBase = basesOf(matchBits, 3);
const maxOffsetCode = 31;
/** Larger ones reach back further than the largest window. */
const maxUsefulOffsetCode = 28;

interface Kind {
  readonly maxSymbol: number;
  readonly maxAccuracyLog: number;
  readonly predefined: FseTable;
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
const literalKind: Kind = {
  maxSymbol: 35,
  maxAccuracyLog: 9,
  predefined: fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, ...ones(5), -1, -1, -1, -1],
    6,
  ),
};
const offsetKind: Kind = {
  maxSymbol: maxOffsetCode,
  maxAccuracyLog: 8,
  predefined: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, ...ones(15), -1, -1, -1, -1, -1], 5),
};
const matchKind: Kind = {
  maxSymbol: 52,
  maxAccuracyLog: 9,
  predefined: fseTable([1, 4, 3, 2, 2, 2, 2, 2, 2, ...ones(37), -1, -1, -1, -1, -1, -1, -1], 6),
};

/** What one block hands to the next of its frame. */
export interface Repeats {
  literalTable: FseTable | undefined;
  offsetTable: FseTable | undefined;
  matchTable: FseTable | undefined;
  /** The last three offsets, latest first. */
  readonly offsets: [number, number, number];
}

export function newRepeats(): Repeats {
  return { literalTable: undefined, offsetTable: undefined, matchTable: undefined, offsets: [1, 4, 8] };
}

/**
 * Read the sequences section at `bytes[at..end)` and write what it and `literals` make, at most `limit` bytes, behind `window.at`.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
 */
export function runSequences(
  repeats: Repeats,
  literals: Literals,
  bytes: Buffer,
  { at, end }: { readonly at: number; readonly end: number },
  { window, windowBytes, limit }: { readonly window: Window; readonly windowBytes: number; readonly limit: number },
): void {
  const { count, at: modesAt } = readCount(bytes, at, end);
  if (count === 0) {
    if (modesAt !== end) throw badSequences('have bytes too many');
    if (literals.count > limit) throw badSequences('make too many bytes');
    window.buffer.set(literals.bytes.subarray(0, literals.count), window.at);
    window.at += literals.count;
    return;
  }
  if (modesAt >= end) throw badSequences('end too early');
  const modes = bytes[modesAt]!;
  if ((modes & 3) !== 0) throw badSequences('have reserved bits');
  let next = modesAt + 1;
  const tableFor = (kind: Kind, mode: number, before: FseTable | undefined): FseTable => {
    if (mode === 0) return kind.predefined;
    if (mode === 2) {
      const read = readFseTable(bytes, next, end, kind);
      next = read.at;
      return read.table;
    }
    if (mode === 1) {
      const symbol = bytes[next]!;
      next += 1;
      if (next > end || symbol > kind.maxSymbol) throw badSequences('have a code that stands for nothing');
      return fseOfOne(symbol);
    }
    if (before === undefined) throw badSequences('repeat a table that was never given');
    return before;
  };
  repeats.literalTable = tableFor(literalKind, modes >> 6, repeats.literalTable);
  repeats.offsetTable = tableFor(offsetKind, (modes >> 4) & 3, repeats.offsetTable);
  repeats.matchTable = tableFor(matchKind, (modes >> 2) & 3, repeats.matchTable);
  const tables: Tables = { literal: repeats.literalTable, offset: repeats.offsetTable, match: repeats.matchTable };
  decode(count, tables, repeats.offsets, literals, bytes, { at: next, end }, { window, windowBytes, limit });
}

interface Tables {
  readonly literal: FseTable;
  readonly offset: FseTable;
  readonly match: FseTable;
}

function decode(
  count: number,
  { literal, offset, match }: Tables,
  offsets: [number, number, number],
  literals: Literals,
  bytes: Buffer,
  { at, end }: { readonly at: number; readonly end: number },
  { window, windowBytes, limit }: { readonly window: Window; readonly windowBytes: number; readonly limit: number },
): void {
  const firstBit = at * 8;
  let bit = endOfBits(bytes, at, end);
  const source = literals.bytes;
  const literalCount = literals.count;
  const into = window.buffer;
  const last = window.at + limit;
  let taken = 0;
  let place = window.at;
  bit -= literal.accuracyLog;
  let literalState = bitsAt(bytes, bit, literal.accuracyLog);
  bit -= offset.accuracyLog;
  let offsetState = bitsAt(bytes, bit, offset.accuracyLog);
  bit -= match.accuracyLog;
  let matchState = bitsAt(bytes, bit, match.accuracyLog);
  let [offset1, offset2, offset3] = offsets;
  for (let left = count; left > 0; left--) {
    const literalCode = literal.symbols[literalState]!;
    const offsetCode = offset.symbols[offsetState]!;
    const matchCode = match.symbols[matchState]!;
    if (offsetCode > maxUsefulOffsetCode) throw badSequences('reach back too far');
    const highBits = Math.max(offsetCode - 24, 0);
    bit -= highBits;
    const high = bitsAt(bytes, bit, highBits);
    bit -= offsetCode - highBits;
    const offsetValue = (1 << offsetCode) + (high << 24) + bitsAt(bytes, bit, offsetCode - highBits);
    const matchWidth = matchBits[matchCode]!;
    bit -= matchWidth;
    const matchLength = matchBase[matchCode]! + bitsAt(bytes, bit, matchWidth);
    const literalWidth = literalBits[literalCode]!;
    bit -= literalWidth;
    const literalLength = literalBase[literalCode]! + bitsAt(bytes, bit, literalWidth);
    if (bit < firstBit) throw badSequences('end too early');

    // Values to 3 name one of the last offsets; without literals before it, the one before that.
    let distance: number;
    if (offsetValue > 3) {
      distance = offsetValue - 3;
      offset3 = offset2;
      offset2 = offset1;
    } else {
      const which = offsetValue + (literalLength === 0 ? 1 : 0);
      distance = which === 1 ? offset1 : which === 2 ? offset2 : which === 3 ? offset3 : offset1 - 1;
      if (which > 2) offset3 = offset2;
      if (which > 1) offset2 = offset1;
    }
    offset1 = distance;

    if (taken + literalLength > literalCount) throw badSequences('want more literals than there are');
    if (place + literalLength + matchLength > last) throw badSequences('make too many bytes');
    if (literalLength > 32) into.set(source.subarray(taken, taken + literalLength), place);
    else for (let index = 0; index < literalLength; index++) into[place + index] = source[taken + index]!;
    taken += literalLength;
    place += literalLength;
    if (distance < 1 || distance > place || distance > windowBytes) throw badSequences('reach back too far');
    if (distance >= matchLength && matchLength > 32) into.copyWithin(place, place - distance, place - distance + matchLength);
    else for (let index = place; index < place + matchLength; index++) into[index] = into[index - distance]!;
    place += matchLength;

    if (left === 1) break;
    const literalStep = literal.bits[literalState]!;
    bit -= literalStep;
    literalState = literal.baselines[literalState]! + bitsAt(bytes, bit, literalStep);
    const matchStep = match.bits[matchState]!;
    bit -= matchStep;
    matchState = match.baselines[matchState]! + bitsAt(bytes, bit, matchStep);
    const offsetStep = offset.bits[offsetState]!;
    bit -= offsetStep;
    offsetState = offset.baselines[offsetState]! + bitsAt(bytes, bit, offsetStep);
  }
  if (bit !== firstBit) throw badSequences('have bits too many');
  if (place + literalCount - taken > last) throw badSequences('make too many bytes');
  into.set(source.subarray(taken, literalCount), place);
  window.at = place + literalCount - taken;
  offsets[0] = offset1;
  offsets[1] = offset2;
  offsets[2] = offset3;
}

function readCount(bytes: Buffer, at: number, end: number): { readonly count: number; readonly at: number } {
  const first = at < end ? bytes[at]! : -1;
  const size = first < 128 ? 1 : first < 255 ? 2 : 3;
  if (first < 0 || at + size > end) throw badSequences('end too early');
  const count = size === 1 ? first : size === 2 ? ((first - 128) << 8) + bytes[at + 1]! : bytes.readUInt16LE(at + 1) + 0x7f00;
  return { count, at: at + size };
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

/** Each code begins where the one before it ends. */
function basesOf(bits: Uint8Array, first: number): Int32Array {
  let base = first;
  return Int32Array.from(bits, (width) => {
    const own = base;
    base += 1 << width;
    return own;
  });
}

function badSequences(why: string): Error {
  return badCompression('zstd', `the sequences of a block ${why}`);
}
