import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createZstdThreads } from './zstd.ts';

interface Zstd {
  init(): Promise<void>;
  decompress(bytes: Uint8Array): Uint8Array;
}

const zstd = createRequire(import.meta.url)('@bokuweb/zstd-wasm') as Zstd;

test('createZstdThreads() gives frames that hold the blocks, in the order they were asked for', async () => {
  await zstd.init();
  await using threads = createZstdThreads(2);
  const texts = Array.from({ length: 9 }, (_, at) => `${at} `.repeat(1000 * at));
  const frames = await Promise.all(texts.map((text) => threads.compress(new TextEncoder().encode(text), 3)));
  expect(frames.map((frame) => Buffer.from(zstd.decompress(frame)).toString())).toEqual(texts);
});

test('createZstdThreads() that are ended refuse what is under way', async () => {
  const threads = createZstdThreads(1);
  await threads.compress(new Uint8Array(10), 3);
  const frame = threads.compress(new Uint8Array(100_000_000), 19);
  // Past the loading, so that the block is with its thread.
  await new Promise(setImmediate);
  await Promise.all([expect(frame).rejects.toMatchObject({ code: 'NATIVE_ZSTD' }), threads[Symbol.asyncDispose]()]);
});

test('createZstdThreads() that are ended start no more', async () => {
  const threads = createZstdThreads(1);
  const frame = threads.compress(new Uint8Array(10), 3);
  await Promise.all([expect(frame).rejects.toMatchObject({ code: 'NATIVE_ZSTD' }), threads[Symbol.asyncDispose]()]);
});
