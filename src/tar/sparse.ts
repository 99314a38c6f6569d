import { asBuffer, badHeader, blockSize, octal } from './header.ts';

/** A piece of a sparse file that has bytes; around it are holes, which read as zeros. */
export interface Segment {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Where the rest of a sparse file's map stands: nowhere, in more headers (GNU's old form), as text before the content (pax 1.0). */
export type MapSource = 'complete' | 'headers' | 'text';

const zeros = Buffer.alloc(64 * 1024);
const segmentBytes = 24;
const headerSegments = { at: 386, count: 4, moreAt: 482, realSizeAt: 483 };
const extensionSegments = { at: 0, count: 21, moreAt: 504 };

/** Makes of a sparse file's stored bytes its real ones. Give it the rest of the map, then the content. */
export class SparseFile {
  readonly realSizeBytes: number;
  readonly #emit: (chunk: Uint8Array) => void;
  readonly #segments: Segment[];
  #mapSource: MapSource;
  /** Numbers of the text map so far, its first one being their count; then the digits of the next. */
  readonly #numbers: number[] = [];
  #digits = '';
  #segment = 0;
  /** Bytes of the real file that were emitted. */
  #at = 0;

  constructor(realSizeBytes: number, segments: readonly Segment[], mapSource: MapSource, emit: (chunk: Uint8Array) => void) {
    this.realSizeBytes = realSizeBytes;
    this.#segments = [...segments];
    this.#mapSource = mapSource;
    this.#emit = emit;
    if (mapSource === 'complete') this.#check();
  }

  get mapSource(): MapSource {
    return this.#mapSource;
  }

  /** Take the 512 bytes at `at` as the next part of the map. @throws {SlipwayError} `TAR_BAD_HEADER` */
  takeMap(buffer: Buffer, at: number): void {
    if (this.#mapSource === 'headers') {
      this.#segments.push(...segmentsAt(buffer, at, extensionSegments));
      if (buffer[at + extensionSegments.moreAt] === 0) this.#mapSource = 'complete';
    } else this.#takeText(buffer.toString('latin1', at, at + blockSize));
    if (this.#mapSource === 'complete') this.#check();
  }

  /** Take stored bytes. @throws {SlipwayError} `TAR_BAD_HEADER` there are more than the map tells */
  write(chunk: Uint8Array): void {
    const buffer = asBuffer(chunk);
    for (let from = 0; from < buffer.length; ) {
      const segment = this.#segments[this.#segment];
      if (segment === undefined) throw badMap();
      if (this.#at < segment.offset) this.#holeTo(segment.offset);
      const count = Math.min(buffer.length - from, segment.offset + segment.sizeBytes - this.#at);
      this.#emit(buffer.subarray(from, from + count));
      this.#at += count;
      from += count;
      this.#skipDone();
    }
  }

  /** The stored bytes are over. @throws {SlipwayError} `TAR_BAD_HEADER` there are fewer than the map tells */
  end(): void {
    if (this.#mapSource !== 'complete' || this.#segment < this.#segments.length) throw badMap();
    this.#holeTo(this.realSizeBytes);
  }

  #skipDone(): void {
    for (let next = this.#segments[this.#segment]; next !== undefined; next = this.#segments[this.#segment]) {
      if (next.sizeBytes > 0 && next.offset + next.sizeBytes > this.#at) return;
      this.#segment += 1;
    }
  }

  #holeTo(offset: number): void {
    while (this.#at < offset) {
      const count = Math.min(offset - this.#at, zeros.length);
      this.#emit(count === zeros.length ? zeros : zeros.subarray(0, count));
      this.#at += count;
    }
  }

  #takeText(text: string): void {
    for (const character of text) {
      if (character !== '\n') {
        if (character < '0' || character > '9' || this.#digits.length >= 16) throw badMap();
        this.#digits += character;
        continue;
      }
      if (this.#digits === '') throw badMap();
      this.#numbers.push(Number(this.#digits));
      this.#digits = '';
      const [count = 0] = this.#numbers;
      if (this.#numbers.length < 1 + 2 * count) continue;
      this.#segments.push(...pairs(this.#numbers.slice(1)));
      this.#mapSource = 'complete';
      return;
    }
  }

  #check(): void {
    let end = 0;
    for (const { offset, sizeBytes } of this.#segments) {
      const after = offset + sizeBytes;
      if (offset < end || sizeBytes < 0 || !Number.isSafeInteger(after)) throw badMap();
      end = after;
    }
    if (end > this.realSizeBytes) throw badMap();
    this.#skipDone();
  }
}

/** What a header of the type `S` says: the real size, the first four segments, and whether more headers follow. */
export function gnuSparse(
  buffer: Buffer,
  at: number,
): { readonly realSizeBytes: number; readonly segments: Segment[]; readonly hasMore: boolean } {
  return {
    realSizeBytes: octal(buffer, at, [headerSegments.realSizeAt, 12]),
    segments: segmentsAt(buffer, at, headerSegments),
    hasMore: buffer[at + headerSegments.moreAt] !== 0,
  };
}

/** The segments of offsets and sizes in turn. @throws {SlipwayError} `TAR_BAD_HEADER` */
export function pairs(numbers: readonly number[]): Segment[] {
  if (numbers.length % 2 !== 0) throw badMap();
  return Array.from({ length: numbers.length / 2 }, (_, at) => ({ offset: numbers[at * 2]!, sizeBytes: numbers[at * 2 + 1]! }));
}

function segmentsAt(
  buffer: Buffer,
  at: number,
  { at: first, count }: { readonly at: number; readonly count: number },
): Segment[] {
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const place = first + index * segmentBytes;
    // An empty field ends the list.
    if (buffer[at + place] === 0) break;
    segments.push({ offset: octal(buffer, at, [place, 12]), sizeBytes: octal(buffer, at, [place + 12, 12]) });
  }
  return segments;
}

function badMap(): Error {
  return badHeader('the map of a sparse file does not fit it');
}
