import { cutIntoBlocks, inOrder, type Parallel } from './blocks.ts';

/** Compresses one block to one whole zstd frame. Must be a pure function of its arguments; it may take over the block's memory. */
export type ZstdBlock = (block: Uint8Array, level: number) => Promise<Uint8Array>;

export interface ZstdOptions {
  readonly compress: ZstdBlock;
  /** 1 to 22. Default 3. */
  readonly level?: number | undefined;
  /** Input bytes per frame. Part of what decides the output's bytes. Default 4 MiB. */
  readonly blockBytes?: number | undefined;
  /** Blocks compressed at the same time. Never changes the output. Default 2. */
  readonly parallel?: Parallel | undefined;
}

/**
 * Compress to a row of zstd frames, one for each block, which every decoder reads as one stream. Equal input and options give
 * equal bytes, however the input is cut and however many blocks run at a time.
 *
 * @see RFC 8878, section 3: "one or more frames"
 */
export async function* compressZstd(chunks: AsyncIterable<Uint8Array>, options: ZstdOptions): AsyncGenerator<Uint8Array> {
  const { compress, level = 3, blockBytes = 4 << 20, parallel = 2 } = options;
  let isEmpty = true;
  for await (const frame of inOrder(cutIntoBlocks(chunks, blockBytes), parallel, (block) => compress(block, level))) {
    isEmpty = false;
    yield frame;
  }
  if (isEmpty) yield await compress(new Uint8Array(0), level);
}
