import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { badCompression } from './errors.ts';
import { ByteInput } from './input.ts';

const chunkBytes = 256 * 1024;
/** Given to zlib at a time; it can become a thousand times as much. */
const pieceBytes = 64 * 1024;

const hasHeaderCrc = 2;
const hasExtra = 4;
const hasName = 8;
const hasComment = 16;
const reserved = 0xe0;

/**
 * The bytes of a gzip stream, each member through an inflater of its own: of what `createGunzip` reads, the last bytes are lost
 * when something else follows. Here all of them come, and then the error. Zeros may follow.
 *
 * @throws {SlipwayError} `TAR_BAD_COMPRESSION`
 * @see RFC 1952
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput('gzip', source);
  try {
    do {
      await skipHeader(input);
      yield* readMember(input);
    } while (!(await isAtEnd(input)));
  } finally {
    await input.close();
  }
}

async function skipHeader(input: ByteInput): Promise<void> {
  if (!(await input.has(10))) throw badCompression('gzip', 'unexpected end of file');
  const { bytes, at } = input;
  if (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b) throw badCompression('gzip', 'incorrect header check');
  const flags = bytes[at + 3] ?? 0;
  if (bytes[at + 2] !== 8) throw badCompression('gzip', 'unknown compression method');
  if ((flags & reserved) !== 0) throw badCompression('gzip', 'unknown header flags set');
  input.at += 10;
  if ((flags & hasExtra) !== 0) {
    await input.need(2);
    const extraBytes = input.bytes.readUInt16LE(input.at);
    await input.need(2 + extraBytes);
    input.at += 2 + extraBytes;
  }
  if ((flags & hasName) !== 0) await skipText(input);
  if ((flags & hasComment) !== 0) await skipText(input);
  if ((flags & hasHeaderCrc) !== 0) {
    await input.need(2);
    input.at += 2;
  }
}

/** However long it is, up to its zero. */
async function skipText(input: ByteInput): Promise<void> {
  for (;;) {
    await input.need(1);
    const length = input.bytes.subarray(input.at, input.end).indexOf(0);
    input.at = length < 0 ? input.end : input.at + length + 1;
    if (length >= 0) return;
  }
}

async function* readMember(input: ByteInput): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater();
  let crc = 0;
  let size = 0;
  try {
    while (!inflater.isDone) {
      const piece = (await input.has(1)) ? input.bytes.subarray(input.at, Math.min(input.end, input.at + pieceBytes)) : undefined;
      const { used, chunks } = await inflater.take(piece);
      input.at += used;
      for (const chunk of chunks) {
        crc = crc32(chunk, crc);
        size += chunk.byteLength;
        yield chunk;
      }
    }
  } finally {
    inflater.close();
  }
  await input.need(8);
  const { bytes, at } = input;
  if (bytes.readUInt32LE(at) !== crc) throw badCompression('gzip', 'incorrect data check');
  if (bytes.readUInt32LE(at + 4) !== size % 2 ** 32) throw badCompression('gzip', 'incorrect length check');
  input.at += 8;
}

/** Skips the zeros that fill up a block of a tape. */
async function isAtEnd(input: ByteInput): Promise<boolean> {
  while (await input.has(1)) {
    if (input.bytes[input.at] !== 0) return false;
    input.at += 1;
  }
  return true;
}

/** An inflater of zlib that takes one piece at a time, and tells how much of it belonged to its stream. */
class Inflater {
  readonly #zlib: InflateRaw = createInflateRaw({ chunkSize: chunkBytes });
  #chunks: Uint8Array[] = [];
  #used = 0;
  #error: Error | undefined;
  #settle: () => void = () => {};
  isDone = false;

  constructor() {
    this.#zlib.on('data', (chunk: Uint8Array) => this.#chunks.push(chunk));
    this.#zlib.on('end', () => {
      this.isDone = true;
      this.#settle();
    });
    this.#zlib.on('error', (error) => {
      this.#error = error;
      this.#settle();
    });
  }

  /** `undefined`: nothing follows. @throws {SlipwayError} `TAR_BAD_COMPRESSION` */
  async take(piece: Uint8Array | undefined): Promise<{ readonly used: number; readonly chunks: readonly Uint8Array[] }> {
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      if (piece === undefined) this.#zlib.end();
      else this.#zlib.write(piece, () => resolve());
    });
    if (this.#error !== undefined) throw badCompression('gzip', this.#error.message, this.#error);
    const used = this.#zlib.bytesWritten - this.#used;
    this.#used += used;
    const chunks = this.#chunks;
    this.#chunks = [];
    return { used, chunks };
  }

  close(): void {
    this.#zlib.destroy();
  }
}
