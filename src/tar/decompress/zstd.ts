import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { badCompression, noDecompressor, windowTooLarge } from './errors.ts';
import { ByteInput } from './input.ts';
import { throughZlib, zlibChunkBytes } from './through-zlib.ts';
import { Window } from './window.ts';
import { XxHash64 } from './xxhash64.ts';
import { type Literals, maxBlockBytes, readLiterals } from './zstd-literals.ts';
import { newRepeats, type Repeats, runSequences } from './zstd-sequences.ts';

/** Frames that want more are refused, as by `zstd` itself when it is not told `--long`. */
export const maxZstdWindowLog = 27;
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** Bit readers look a little beside what they read. */
const margin = 16;
const blockHeaderBytes = 3;
const checksumBytes = 4;

/** Read zstd frames one behind the other, as RFC 8878 has them, skippable ones passed over. */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput('zstd', source);
  try {
    let isFirst = true;
    while (isFirst || (await input.has(1))) {
      await input.need(4);
      const magic = input.bytes.readUInt32LE(input.at);
      input.at += 4;
      if ((magic & 0xfffffff0) >>> 0 === skippableMagic) await skipFrame(input);
      else if (magic === frameMagic) yield* readFrame(input);
      else throw badCompression('zstd', isFirst ? 'it has no header' : 'what follows its end is not zstd data');
      isFirst = false;
    }
  } finally {
    await input.close();
  }
}

async function skipFrame(input: ByteInput): Promise<void> {
  await input.need(4);
  let left = input.bytes.readUInt32LE(input.at);
  input.at += 4;
  while (left > 0) {
    await input.need(1);
    const count = Math.min(left, input.end - input.at);
    input.at += count;
    left -= count;
  }
}

interface FrameHeader {
  /** As written, with the magic number. */
  readonly bytes: Buffer;
  readonly windowBytes: number;
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
}

/** RFC 8878, 3.1.1.1. */
async function readFrameHeader(input: ByteInput): Promise<FrameHeader> {
  await input.need(1);
  const descriptor = input.bytes[input.at]!;
  const isSingle = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) throw badCompression('zstd', 'a frame has a reserved bit');
  const idBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const windowAt = 1;
  const idAt = windowAt + (isSingle ? 0 : 1);
  const total = idAt + idBytes + sizeBytes;
  await input.need(total);
  const bytes = Buffer.from(input.bytes.subarray(input.at - 4, input.at + total));
  const header = bytes.subarray(4);
  input.at += total;
  if (header.subarray(idAt, idAt + idBytes).some((byte) => byte !== 0)) {
    throw noDecompressor('zstd', 'a dictionary of its own, which is not part of it');
  }
  const sizeAt = idAt + idBytes;
  const contentBytes =
    sizeBytes === 0
      ? undefined
      : sizeBytes === 8
        ? Number(header.readBigUInt64LE(sizeAt))
        : header.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const exponent = header[windowAt]! >> 3;
  const windowBytes = isSingle ? (contentBytes ?? 0) : 2 ** (10 + exponent) * (1 + (header[windowAt]! & 7) / 8);
  const limitBytes = 2 ** maxZstdWindowLog;
  if (windowBytes > limitBytes) throw windowTooLarge('zstd', windowBytes, limitBytes);
  return { bytes, windowBytes, contentBytes, hasChecksum: (descriptor & 4) !== 0 };
}

type CreateStream = (options: { readonly chunkSize: number }) => Duplex;

/** Node has its own from 22.15 on. */
const createNodeStream: CreateStream | undefined =
  'createZstdDecompress' in zlib ? (zlib.createZstdDecompress as CreateStream) : undefined;

/** Node's decoder sees one whole frame at a time: by itself it takes data that was cut off for complete, and stops at the first frame's end. */
async function* readFrame(input: ByteInput): AsyncGenerator<Uint8Array> {
  const header = await readFrameHeader(input);
  if (createNodeStream === undefined) yield* decodeFrame(input, header);
  else yield* throughZlib(frameBytes(input, header), 'zstd', createNodeStream({ chunkSize: zlibChunkBytes }));
}

/** The frame as it is written, and no more. */
async function* frameBytes(input: ByteInput, { bytes, hasChecksum }: FrameHeader): AsyncGenerator<Uint8Array> {
  yield bytes;
  for (let isLast = false; !isLast; ) {
    await input.need(blockHeaderBytes);
    const block = blockHeader(input);
    isLast = block.isLast;
    const size = blockHeaderBytes + block.packedBytes + (isLast && hasChecksum ? checksumBytes : 0);
    await input.need(size);
    yield Buffer.from(input.bytes.subarray(input.at, input.at + size));
    input.at += size;
  }
}

interface BlockHeader {
  readonly isLast: boolean;
  readonly kind: number;
  readonly size: number;
  /** Without this header. */
  readonly packedBytes: number;
}

/** RFC 8878, 3.1.1.2. */
function blockHeader(input: ByteInput): BlockHeader {
  const header = input.bytes.readUIntLE(input.at, blockHeaderBytes);
  const kind = (header >> 1) & 3;
  const size = header >> 3;
  if (size > maxBlockBytes) throw badCompression('zstd', 'a block is too large');
  if (kind === 3) throw badCompression('zstd', 'a block is of a reserved kind');
  return { isLast: (header & 1) === 1, kind, size, packedBytes: kind === 1 ? 1 : size };
}

async function* decodeFrame(input: ByteInput, frame: FrameHeader): AsyncGenerator<Uint8Array> {
  const { windowBytes, contentBytes, hasChecksum } = frame;
  const window = new Window(windowBytes);
  const decoder = createBlockDecoder(window, windowBytes);
  const hash = new XxHash64();
  const maxBlock = Math.min(maxBlockBytes, windowBytes);
  let total = 0;
  for (let isLast = false; !isLast; ) {
    await input.need(blockHeaderBytes);
    const { kind, size, packedBytes, ...block } = blockHeader(input);
    isLast = block.isLast;
    if (size > maxBlock) throw badCompression('zstd', 'a block is too large');
    input.at += blockHeaderBytes;
    await input.need(packedBytes);
    window.reserve(maxBlock);
    const start = window.at;
    if (kind === 0) window.buffer.set(input.bytes.subarray(input.at, input.at + size), start);
    else if (kind === 1) window.buffer.fill(input.bytes[input.at]!, start, start + size);
    else decoder(input.bytes.subarray(input.at, input.at + size), maxBlock);
    if (kind < 2) window.at += size;
    input.at += packedBytes;
    // A copy: the window goes on changing.
    const made = Buffer.from(window.buffer.subarray(start, window.at));
    total += made.length;
    if (contentBytes !== undefined && total > contentBytes) throw badCompression('zstd', 'a frame is longer than it says');
    if (hasChecksum) hash.update(made);
    if (made.length > 0) yield made;
  }
  if (contentBytes !== undefined && total !== contentBytes) throw badCompression('zstd', 'a frame is shorter than it says');
  if (!hasChecksum) return;
  await input.need(checksumBytes);
  if (input.bytes.readUInt32LE(input.at) !== hash.digestLow()) throw badCompression('zstd', 'its checksum is wrong');
  input.at += checksumBytes;
}

/** Gives what decodes the compressed blocks of one frame into `window`. */
function createBlockDecoder(window: Window, windowBytes: number): (block: Uint8Array, limit: number) => void {
  const literals: Literals = { bytes: new Uint8Array(maxBlockBytes), count: 0, huffman: undefined };
  const repeats: Repeats = newRepeats();
  const padded = Buffer.alloc(margin + maxBlockBytes + margin);
  return (block, limit) => {
    padded.set(block, margin);
    const end = margin + block.length;
    if (block.length < 2) throw badCompression('zstd', 'a block is too short');
    const at = readLiterals(literals, padded, margin, end);
    runSequences(repeats, literals, padded, { at, end }, { window, windowBytes, limit });
  };
}
