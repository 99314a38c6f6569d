import { StringDecoder } from 'node:string_decoder';

/** Decodes the two streams of a step; a character cut in two by a chunk's end waits for its rest. */
export class LogDecoder {
  readonly #decoders: readonly [StringDecoder, StringDecoder] = [new StringDecoder('utf8'), new StringDecoder('utf8')];

  decode(stream: 1 | 2, data: Uint8Array): string {
    return this.#decoders[stream === 1 ? 0 : 1].write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
}

/** Remembers the last lines of a step's output, with the time of each. */
export class LogTail {
  readonly #limit: number;
  readonly #lines: { readonly atMs: number; text: string }[] = [];
  #open = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(text: string, atMs: number): void {
    const parts = text.split('\n');
    for (const [index, part] of parts.entries()) {
      const last = this.#lines.at(-1);
      if (this.#open && last !== undefined) last.text += part;
      else if (part !== '' || index < parts.length - 1) this.#lines.push({ atMs, text: part });
      this.#open = index === parts.length - 1 && (this.#open || part !== '');
    }
    if (this.#lines.length > this.#limit) this.#lines.splice(0, this.#lines.length - this.#limit);
  }

  lines(): readonly { readonly atMs: number; readonly text: string }[] {
    return this.#lines;
  }
}
