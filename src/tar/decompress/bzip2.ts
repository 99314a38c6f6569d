import { inverseBurrowsWheeler } from './bzip2-output.ts';
import { decodeSymbols } from './bzip2-symbols.ts';
import { BitReader } from './bit-reader.ts';
import { badCompression, noDecompressor } from './errors.ts';
import { ByteInput } from './input.ts';

// The format has no document of its own: this follows the description in bzip2's manual and in the comments of its programs.

/** More than the longest block needs: 900,000 symbols of 20 bits, tables and selectors. */
const maxPackedBlock = 2_400_000;
const blockUnit = 100_000;

/** Read bzip2 streams, one behind the other. What follows the last and is no stream is ignored, as `bzip2` does. */
export async function* bunzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput('bzip2', source);
  try {
    for (let isFirst = true; ; isFirst = false) {
      const isStream = (await input.has(4)) && isHeader(input.bytes, input.at);
      if (!isStream && !isFirst) return;
      if (!isStream) throw badCompression('bzip2', 'it has no header');
      const limit = (input.bytes[input.at + 3]! - 0x30) * blockUnit;
      input.at += 4;
      yield* readStream(input, limit);
    }
  } finally {
    await input.close();
  }
}

function isHeader(bytes: Buffer, at: number): boolean {
  const level = bytes[at + 3]! - 0x30;
  return bytes.toString('latin1', at, at + 3) === 'BZh' && level >= 1 && level <= 9;
}

async function* readStream(input: ByteInput, limit: number): AsyncGenerator<Uint8Array> {
  const symbols = new Uint32Array(limit);
  let bitOffset = 0;
  let streamCrc = 0;
  for (;;) {
    await input.has(maxPackedBlock);
    const bits = new BitReader(input.bytes, input.at, input.end, bitOffset);
    const magic = [bits.read(24), bits.read(24)];
    const crc = ((bits.read(16) << 16) | bits.read(16)) >>> 0;
    if (bits.isOver) throw badCompression('bzip2', 'it ends too early');
    if (magic[0] === 0x177245 && magic[1] === 0x385090) {
      if (crc !== streamCrc) throw badCompression('bzip2', 'its checksum is wrong');
      input.at = bits.byteAfter;
      return;
    }
    if (magic[0] !== 0x314159 || magic[1] !== 0x265359) throw badCompression('bzip2', 'a block does not begin as one');
    if (bits.read(1) === 1) throw noDecompressor('bzip2', 'blocks as only versions before 0.9.5 made them');
    const origin = bits.read(24);
    const count = decodeSymbols(bits, symbols);
    if (bits.isOver) throw badCompression('bzip2', 'it ends too early');
    if (origin >= count) throw badCompression('bzip2', 'a block begins outside of itself');
    // What is yielded must not wait for what the reader of it does with the input.
    input.at = bits.byteOfNext;
    bitOffset = bits.bitOfNext;
    const blockCrc = yield* inverseBurrowsWheeler(symbols.subarray(0, count), origin);
    if (blockCrc !== crc) throw badCompression('bzip2', 'the checksum of a block is wrong');
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0;
  }
}
