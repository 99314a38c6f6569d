import { gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compressGzip, type GzipOptions, zlibDeflate } from './gzip.ts';

async function* cut(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function compress(bytes: Uint8Array, step: number, options: GzipOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of compressGzip(cut(bytes, step), options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `line ${at * 7919} of ${at % 13}\n`).join(''));

test('compressGzip() gives one gzip member that holds the input', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 700 }),
      fc.constantFrom(1, 100, 4096),
      fc.constantFrom(0, 1, 6, 9),
      async (bytes, step, blockBytes, level) => {
        const zipped = await compress(bytes, step, { level, blockBytes: Math.max(blockBytes, 50) });
        expect([...gunzipSync(zipped)]).toEqual([...bytes]);
      },
    ),
    { numRuns: 60 },
  );
});

test('compressGzip() gives the same bytes whatever the parallelism and the cut', async () => {
  const want = await compress(text, text.length, { blockBytes: 40_000, parallel: 1 });
  for (const parallel of [2, 3, 16]) {
    const got = await compress(text, 1234 * parallel, { blockBytes: 40_000, parallel });
    expect(got.equals(want)).toBe(true);
  }
});

test('compressGzip() writes no name, no time', async () => {
  const zipped = await compress(text, 5000, {});
  expect([...zipped.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
});

test('compressGzip() with blocks costs little against one stream', async () => {
  const zipped = await compress(text, 5000, { blockBytes: 64 * 1024 });
  expect(zipped.length).toBeLessThan(gzipSync(text).length * 1.03);
});

test('a failing compressor fails the stream, after all blocks at work have ended', async () => {
  let running = 0;
  const deflate: GzipOptions['deflate'] = async (block, dictionary, level) => {
    running += 1;
    const result = await zlibDeflate(block, dictionary, level).finally(() => {
      running -= 1;
    });
    if (dictionary === undefined) throw new Error('broken');
    return result;
  };
  await expect(compress(text, 5000, { blockBytes: 10_000, parallel: 4, deflate })).rejects.toThrow('broken');
  expect(running).toBe(0);
});

test('the error of the source passes through', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10);
    throw new Error('source');
  }
  const drain = async (): Promise<void> => {
    for await (const _ of compressGzip(broken(), { blockBytes: 4 }));
  };
  await expect(drain()).rejects.toThrow('source');
});
