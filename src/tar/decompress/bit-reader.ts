/** Bits of `bytes[at..end)`, each byte's highest first. Behind the end are zeros, and `isOver` tells that some were read. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** The next byte to take. */
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number, end: number, skipBits: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.read(skipBits);
  }

  get isOver(): boolean {
    return this.#at - (this.#count >> 3) > this.#end;
  }

  /** The byte that holds the next bit, and how many of its bits are taken. */
  get byteOfNext(): number {
    return this.#at - ((this.#count + 7) >> 3);
  }
  get bitOfNext(): number {
    return -this.#count & 7;
  }
  /** The first byte of which nothing was read. */
  get byteAfter(): number {
    return this.#at - (this.#count >> 3);
  }

  /** The next `count` bits, 24 at most, left in place. */
  peek(count: number): number {
    while (this.#count < count) {
      this.#bits = (this.#bits << 8) | (this.#at < this.#end ? this.#bytes[this.#at]! : 0);
      this.#at += 1;
      this.#count += 8;
    }
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /** Only what `peek` has shown. */
  skip(count: number): void {
    this.#count -= count;
  }

  read(count: number): number {
    const value = this.peek(count);
    this.#count -= count;
    return value;
  }
}
