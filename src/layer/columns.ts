import { decodeFileName, encodeFileName } from '../base/index.ts';
import type { Digest } from '../oci/index.ts';

// Each column begins with its kind and its length in bytes. A number column whose values are all equal holds just one.
const same = 0;
const u32 = 1;
const f64 = 2;

const digestLength = 'sha256:'.length + 64;

/** Writes columns of equal length, one after the other. */
export class ColumnWriter {
  readonly parts: Buffer[] = [];

  constructor(count: number) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(count);
    this.parts.push(head);
  }

  numbers(values: readonly number[]): void {
    const first = values[0] ?? 0;
    if (values.every((value) => value === first)) return this.#part(same, Buffer.from(new Float64Array([first]).buffer));
    const fits = values.every((value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff);
    const array = fits ? new Uint32Array(values) : new Float64Array(values);
    this.#part(fits ? u32 : f64, Buffer.from(array.buffer));
  }

  /** No text may hold a NUL. */
  texts(values: readonly string[]): void {
    const isBare = values.every((value) => value === '');
    this.#part(isBare ? same : u32, isBare ? Buffer.alloc(0) : encodeFileName(values.join('\0')));
  }

  digests(values: readonly (Digest | undefined)[]): void {
    this.numbers(values.map((value) => (value === undefined ? 0 : 1)));
    this.bytes(Buffer.from(values.join(''), 'latin1'));
  }

  bytes(bytes: Buffer): void {
    this.#part(same, bytes);
  }

  #part(kind: number, bytes: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(kind, 0);
    head.writeUInt32LE(bytes.length, 4);
    this.parts.push(head, bytes);
  }
}

/** Reads what `ColumnWriter` wrote, in the same order. @throws {RangeError} */
export class ColumnReader {
  readonly count: number;
  readonly #body: Buffer;
  #at = 4;

  constructor(body: Buffer) {
    this.#body = body;
    this.count = body.readUInt32LE(0);
  }

  numbers(): Uint32Array | Float64Array {
    const { kind, bytes } = this.#part();
    // A copy, because a typed array must start at a multiple of its item size.
    const { buffer } = Uint8Array.from(bytes);
    const values = kind === u32 ? new Uint32Array(buffer) : new Float64Array(buffer);
    if (kind === same) return new Float64Array(this.count).fill(values[0] ?? 0);
    if (values.length !== this.count) throw new RangeError('a column is too short');
    return values;
  }

  texts(): readonly string[] {
    const { kind, bytes } = this.#part();
    if (kind === same) return Array.from({ length: this.count }, () => '');
    const values = decodeFileName(bytes).split('\0');
    if (values.length !== this.count) throw new RangeError('a column is too short');
    return values;
  }

  digests(): readonly (Digest | undefined)[] {
    const isSet = this.numbers();
    const hex = this.bytes().toString('latin1');
    let next = 0;
    const values: (Digest | undefined)[] = [];
    for (let at = 0; at < this.count; at++) {
      values.push(isSet[at] === 1 ? (hex.slice(next, next + digestLength) as Digest) : undefined);
      if (isSet[at] === 1) next += digestLength;
    }
    if (next !== hex.length) throw new RangeError('a column is too short');
    return values;
  }

  bytes(): Buffer {
    return this.#part().bytes;
  }

  #part(): { readonly kind: number; readonly bytes: Buffer } {
    const kind = this.#body.readUInt32LE(this.#at);
    const length = this.#body.readUInt32LE(this.#at + 4);
    const start = this.#at + 8;
    this.#at = start + length;
    if (this.#at > this.#body.length) throw new RangeError('a column is cut off');
    return { kind, bytes: this.#body.subarray(start, this.#at) };
  }
}
