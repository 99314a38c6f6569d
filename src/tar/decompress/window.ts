const minSlack = 1 << 20;
const maxSlack = 16 << 20;

/**
 * The last bytes that a decoder made, which later ones may repeat. A decoder asks for room, writes at `buffer[at]` and moves `at`.
 * It grows with what is written, never with what a header claims.
 */
export class Window {
  buffer: Buffer = Buffer.alloc(0);
  at = 0;
  readonly #sizeBytes: number;
  /** How far back of `at` a copy may begin is never more than this. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** Make room for `count` bytes behind `at`; what is further back than the window's size may be forgotten. */
  reserve(count: number): void {
    if (this.at + count <= this.buffer.length) return;
    const slack = Math.max(count, Math.min(Math.max(this.#sizeBytes, minSlack), maxSlack));
    const most = this.#sizeBytes + slack;
    const kept = Math.min(this.at, this.#sizeBytes);
    if (this.at + count > most) {
      const into = this.buffer.length < kept + count ? Buffer.alloc(most) : this.buffer;
      this.buffer.copy(into, 0, this.at - kept, this.at);
      this.buffer = into;
      this.at = kept;
      return;
    }
    const into = Buffer.alloc(Math.min(most, Math.max(this.at + count, this.buffer.length * 2)));
    this.buffer.copy(into, 0, 0, this.at);
    this.buffer = into;
  }

  /** Forget all of it. */
  reset(): void {
    this.at = 0;
  }
}
