import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64 } from './crc64.ts';
import { badCompression, noDecompressor, windowTooLarge } from './errors.ts';
import { ByteInput } from './input.ts';
import { readLzma2 } from './lzma2.ts';

/** Streams that want a larger dictionary are refused; `xz -9` makes one of 64 MiB. */
export const maxXzDictionaryBytes: number = 256 << 20;
const streamMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
const footerMagic = Buffer.from('YZ');
const lzma2Filter = 0x21;

/** Read .xz streams one behind the other, padding between them, as the .xz file format 1.2.1 has them. */
export async function* unxz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput('xz', source);
  try {
    for (let isFirst = true; isFirst || (await input.has(1)); isFirst = false) {
      yield* readStream(input, isFirst);
      await skipPadding(input);
    }
  } finally {
    await input.close();
  }
}

/** Zeros, four at a time. */
async function skipPadding(input: ByteInput): Promise<void> {
  while ((await input.has(1)) && input.bytes[input.at] === 0) {
    await input.need(4);
    if (input.bytes.readUInt32LE(input.at) !== 0) throw badCompression('xz', 'what follows its end is not xz data');
    input.at += 4;
  }
}

/** What the index of a stream says of a block. */
interface BlockRecord {
  readonly unpaddedBytes: number;
  readonly sizeBytes: number;
}

async function* readStream(input: ByteInput, isFirst: boolean): AsyncGenerator<Uint8Array> {
  await input.need(12);
  const header = input.bytes.subarray(input.at, input.at + 12);
  if (!header.subarray(0, 6).equals(streamMagic)) {
    throw badCompression('xz', isFirst ? 'it has no header' : 'what follows its end is not xz data');
  }
  const flags = Buffer.from(header.subarray(6, 8));
  if (crc32(flags) !== header.readUInt32LE(8)) throw badCompression('xz', 'the checksum of its header is wrong');
  if (flags[0] !== 0 || flags[1]! > 15) throw noDecompressor('xz', 'flags of a later format');
  input.at += 12;
  const records: BlockRecord[] = [];
  for (;;) {
    await input.need(1);
    if (input.bytes[input.at] === 0) break;
    records.push(yield* readBlock(input, flags[1]!));
  }
  const indexBytes = await readIndex(input, records);
  await input.need(12);
  const footer = input.bytes.subarray(input.at, input.at + 12);
  input.at += 12;
  const isGood =
    footer.subarray(10).equals(footerMagic) &&
    crc32(footer.subarray(4, 10)) === footer.readUInt32LE(0) &&
    (footer.readUInt32LE(4) + 1) * 4 === indexBytes &&
    footer.subarray(8, 10).equals(flags);
  if (!isGood) throw badCompression('xz', 'its footer does not fit it');
}

async function* readBlock(input: ByteInput, checkId: number): AsyncGenerator<Uint8Array, BlockRecord> {
  const headerBytes = (input.bytes[input.at]! + 1) * 4;
  await input.need(headerBytes);
  const header = readBlockHeader(Buffer.from(input.bytes.subarray(input.at, input.at + headerBytes)));
  input.at += headerBytes;
  const check = createCheck(checkId);
  const before = input.consumed;
  let sizeBytes = 0;
  for await (const chunk of readLzma2(input, header.dictionaryBytes)) {
    sizeBytes += chunk.length;
    check.update(chunk);
    yield chunk;
  }
  const packedBytes = input.consumed - before;
  if ((header.packedBytes ?? packedBytes) !== packedBytes || (header.sizeBytes ?? sizeBytes) !== sizeBytes) {
    throw badCompression('xz', 'a block does not have the size that it says');
  }
  const paddingBytes = -packedBytes & 3;
  await input.need(paddingBytes + check.sizeBytes);
  const rest = input.bytes.subarray(input.at, input.at + paddingBytes + check.sizeBytes);
  if (rest.subarray(0, paddingBytes).some((byte) => byte !== 0)) throw badCompression('xz', 'the padding of a block is not zero');
  if (!check.digest().equals(rest.subarray(paddingBytes))) throw badCompression('xz', 'the checksum of a block is wrong');
  input.at += rest.length;
  return { unpaddedBytes: headerBytes + packedBytes + check.sizeBytes, sizeBytes };
}

interface BlockHeader {
  readonly dictionaryBytes: number;
  readonly packedBytes: number | undefined;
  readonly sizeBytes: number | undefined;
}

/** The .xz file format, 3.1. */
function readBlockHeader(header: Buffer): BlockHeader {
  const end = header.length - 4;
  if (crc32(header.subarray(0, end)) !== header.readUInt32LE(end))
    throw badCompression('xz', 'the checksum of a block’s header is wrong');
  const flags = header[1]!;
  if ((flags & 0x3c) !== 0) throw noDecompressor('xz', 'flags of a later format');
  let at = 2;
  const number = (): number => {
    const read = readNumber(header, at, end);
    at = read.at;
    return read.value;
  };
  const packedBytes = (flags & 0x40) === 0 ? undefined : number();
  const sizeBytes = (flags & 0x80) === 0 ? undefined : number();
  const filter = number();
  if ((flags & 3) !== 0 || filter !== lzma2Filter) throw noDecompressor('xz', 'a filter for one kind of data only');
  const propertiesBytes = number();
  const property = header[at]!;
  if (propertiesBytes !== 1 || at >= end || property > 40)
    throw badCompression('xz', 'the properties of a block are out of range');
  if (header.subarray(at + 1, end).some((byte) => byte !== 0))
    throw badCompression('xz', 'the padding of a block’s header is not zero');
  const dictionaryBytes = property === 40 ? 2 ** 32 - 1 : (2 + (property & 1)) * 2 ** ((property >> 1) + 11);
  if (dictionaryBytes > maxXzDictionaryBytes) throw windowTooLarge('xz', dictionaryBytes, maxXzDictionaryBytes);
  return { dictionaryBytes, packedBytes, sizeBytes };
}

/** Compare the index with the blocks that were there. Gives its size. */
async function readIndex(input: ByteInput, records: readonly BlockRecord[]): Promise<number> {
  const before = input.consumed;
  let crc = 0;
  const take = async (count: number): Promise<Buffer> => {
    await input.need(count);
    const bytes = input.bytes.subarray(input.at, input.at + count);
    input.at += count;
    crc = crc32(bytes, crc);
    return bytes;
  };
  const number = async (): Promise<number> => {
    const bytes: number[] = [];
    do bytes.push((await take(1))[0]!);
    while (bytes.at(-1)! >= 0x80 && bytes.length < 9);
    return readNumber(Buffer.from(bytes), 0, bytes.length).value;
  };
  await take(1);
  let isSame = (await number()) === records.length;
  for (const { unpaddedBytes, sizeBytes } of isSame ? records : []) {
    isSame = (await number()) === unpaddedBytes && (await number()) === sizeBytes && isSame;
  }
  const padding = await take(-(input.consumed - before) & 3);
  const own = crc;
  const stored = (await take(4)).readUInt32LE(0);
  if (!isSame || padding.some((byte) => byte !== 0) || stored !== own) throw badCompression('xz', 'its index does not fit it');
  return input.consumed - before;
}

/** Seven bits for each byte, the lowest first. */
function readNumber(bytes: Buffer, at: number, end: number): { readonly value: number; readonly at: number } {
  let value = 0;
  for (let place = at; place < end && place - at < 9; place++) {
    const byte = bytes[place]!;
    value += (byte & 0x7f) * 2 ** (7 * (place - at));
    if (byte < 0x80) {
      if (!Number.isSafeInteger(value) || (byte === 0 && place > at)) break;
      return { value, at: place + 1 };
    }
  }
  throw badCompression('xz', 'a number of it is malformed');
}

interface Check {
  readonly sizeBytes: number;
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

function createCheck(id: number): Check {
  switch (id) {
    case 0:
      return { sizeBytes: 0, update: () => {}, digest: () => Buffer.alloc(0) };
    case 1: {
      let crc = 0;
      return {
        sizeBytes: 4,
        update: (chunk) => void (crc = crc32(chunk, crc)),
        digest() {
          const bytes = Buffer.alloc(4);
          bytes.writeUInt32LE(crc);
          return bytes;
        },
      };
    }
    case 4: {
      const crc = new Crc64();
      return { sizeBytes: 8, update: (chunk) => crc.update(chunk), digest: () => crc.digest() };
    }
    case 10: {
      const hash = createHash('sha256');
      return { sizeBytes: 32, update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
    }
    default:
      throw noDecompressor('xz', `the unknown checksum ${id}`);
  }
}
