import { badCompression, type PackedKind } from './errors.ts';

/**
 * The bytes of a stream, gathered so that a decoder finds a whole unit (a header, a block) in one piece:
 * `bytes.subarray(at, end)` is what came and was not consumed; consume by moving `at`. Valid until the next call.
 */
export class ByteInput {
  bytes: Buffer = Buffer.alloc(64 * 1024);
  at = 0;
  end = 0;
  /** Bytes before `bytes[0]`. */
  #dropped = 0;
  readonly #kind: PackedKind;
  readonly #source: AsyncIterator<Uint8Array>;
  #isDone = false;

  constructor(kind: PackedKind, source: AsyncIterable<Uint8Array>) {
    this.#kind = kind;
    this.#source = source[Symbol.asyncIterator]();
  }

  /** How many bytes of the source were consumed. */
  get consumed(): number {
    return this.#dropped + this.at;
  }

  /** Gather `count` bytes, or all that are left. Gives whether there are as many. */
  async has(count: number): Promise<boolean> {
    while (this.end - this.at < count && !this.#isDone) {
      const next = await this.#source.next();
      if (next.done === true) this.#isDone = true;
      else this.#append(next.value);
    }
    return this.end - this.at >= count;
  }

  /** @throws {SlipwayError} `TAR_BAD_COMPRESSION` there are fewer than `count` bytes */
  async need(count: number): Promise<void> {
    if (!(await this.has(count))) throw badCompression(this.#kind, 'it ends too early');
  }

  /** End the source, however far it was read. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #append(chunk: Uint8Array): void {
    const kept = this.end - this.at;
    if (this.end + chunk.byteLength > this.bytes.length) {
      const wanted = kept + chunk.byteLength;
      const into = wanted > this.bytes.length / 2 ? Buffer.alloc(wanted * 2) : this.bytes;
      this.bytes.copy(into, 0, this.at, this.end);
      this.bytes = into;
      this.#dropped += this.at;
      this.at = 0;
      this.end = kept;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.byteLength;
  }
}
