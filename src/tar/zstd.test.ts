import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compressZstd, type ZstdBlock } from './zstd.ts';

/** Stands for the compressor: what it got, marked with its length and level. */
const mark: ZstdBlock = async (block, level) => {
  await Promise.resolve();
  return Buffer.concat([Buffer.from(`<${block.length}@${level}:`), block, Buffer.from('>')]);
};

async function* cut(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function compress(bytes: Uint8Array, step: number, blockBytes: number, parallel: number): Promise<string> {
  const frames: Uint8Array[] = [];
  for await (const frame of compressZstd(cut(bytes, step), { compress: mark, blockBytes, parallel, level: 5 }))
    frames.push(frame);
  return Buffer.concat(frames).toString('latin1');
}

test('compressZstd() gives a frame for each block, the same whatever the parallelism and the cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5 }),
      async (bytes, step, blockBytes, parallel) => {
        const want = await compress(bytes, 300, blockBytes, 1);
        expect(await compress(bytes, step, blockBytes, parallel)).toBe(want);
      },
    ),
    { numRuns: 60 },
  );
  expect(await compress(Buffer.from('abcde'), 2, 3, 2)).toBe('<3@5:abc><2@5:de>');
});

test('compressZstd() of nothing is one empty frame', async () => {
  expect(await compress(Buffer.alloc(0), 1, 3, 2)).toBe('<0@5:>');
});
