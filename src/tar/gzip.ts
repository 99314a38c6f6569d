import { crc32, constants, deflateRaw } from 'node:zlib';
import { cutIntoBlocks, inOrder, type Parallel } from './blocks.ts';

/** Compresses one block to raw deflate that ends in a sync flush, so that the results can be joined. Must be a pure function of its arguments. */
export type DeflateBlock = (block: Uint8Array, dictionary: Uint8Array | undefined, level: number) => Promise<Uint8Array>;

export interface GzipOptions {
  /** 0 to 9. Default 5. */
  readonly level?: number | undefined;
  /** Input bytes per block. Part of what decides the output's bytes. Default 1 MiB. */
  readonly blockBytes?: number | undefined;
  /** Blocks compressed at the same time. Never changes the output. Default 2. */
  readonly parallel?: Parallel | undefined;
  /** Default: zlib, in its thread pool. */
  readonly deflate?: DeflateBlock | undefined;
}

const windowBytes = 32 * 1024;
/** No name, no time, no flags, unknown system. */
const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** The final, empty block of a deflate stream. */
const lastBlock = Buffer.from([3, 0]);

/**
 * Compress to one gzip member, blocks in parallel. Each block has the 32 KiB before it as dictionary, so almost nothing is lost
 * against one long stream. Equal input and options give equal bytes, however the input is cut and however many blocks run at a time.
 */
export async function* compressGzip(chunks: AsyncIterable<Uint8Array>, options: GzipOptions = {}): AsyncGenerator<Uint8Array> {
  const { level = 5, blockBytes = 1 << 20, parallel = 2, deflate = zlibDeflate } = options;
  let crc = 0;
  let size = 0;
  let dictionary: Uint8Array | undefined;
  yield head;
  yield* inOrder(cutIntoBlocks(chunks, blockBytes), parallel, (block) => {
    const compressed = deflate(block, dictionary, level);
    crc = crc32(block, crc);
    size += block.length;
    dictionary = block.subarray(-windowBytes);
    return compressed;
  });
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc, 0);
  tail.writeUInt32LE(size % 2 ** 32, 4);
  yield lastBlock;
  yield tail;
}

/** The default compressor. */
export function zlibDeflate(block: Uint8Array, dictionary: Uint8Array | undefined, level: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = {
      level,
      memLevel: 9,
      // One trip to the thread pool: the output of a block fits a single chunk.
      chunkSize: block.length + (block.length >> 10) + 256,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary === undefined ? {} : { dictionary }),
    };
    deflateRaw(block, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
