import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../../base/index.ts';
import { type CompressionKind, decompress, decompressed } from '../decompress.ts';

// Held against the programs that make such data: `bzip2`, `xz` and `zstd`.

function pack(program: string, bytes: Uint8Array, ...args: readonly string[]): Buffer {
  const { stdout, stderr, status, error } = spawnSync(program, ['-c', ...args], { input: bytes, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.toString()}`);
  return stdout;
}

async function* cut(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function read(bytes: Uint8Array, step = 65536): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(cut(bytes, step))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Numbers that look random and are the same every time. */
function noise(count: number, seed: number): Buffer {
  const bytes = Buffer.alloc(count);
  let state = seed;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const text = Buffer.from(Array.from({ length: 5000 }, (_, at) => `line ${at} of ${(at * at) % 977}\n`).join(''));
const runs = Buffer.concat(Array.from({ length: 300 }, (_, at) => Buffer.alloc((at * 37) % 700, at % 5)));
/** A little of everything: text, noise, long runs and short ones, repeats from near and far, few kinds of bytes. */
const mixed = Buffer.concat([
  text,
  noise(40_000, 3),
  Buffer.alloc(150_000),
  runs,
  Buffer.alloc(3000, 'ab'),
  noise(30_000, 5).map((byte) => byte % 3),
  text.subarray(0, 20_000),
]);

const settings: readonly (readonly [program: CompressionKind, ...args: string[]])[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => ['bzip2', `-${level}`] as const),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => ['xz', `-${level}`] as const),
  ['xz', '-9e'],
  ...['none', 'crc32', 'sha256'].map((check) => ['xz', '-1', `--check=${check}`] as const),
  ['xz', '-1', '--block-size=100000'],
  ['xz', '-T2', '--block-size=100000'],
  ['xz', '--lzma2=preset=1,lc=0,lp=4,pb=4'],
  ['xz', '--lzma2=preset=1,lc=4,lp=0,pb=0,dict=4KiB'],
  ['xz', '--lzma2=preset=6,lc=1,lp=3,mf=bt2'],
  ...[1, 2, 3, 5, 7, 9, 12, 15, 18, 19].map((level) => ['zstd', `-${level}`] as const),
  ['zstd', '--fast=10'],
  ['zstd', '--ultra', '-22'],
  ['zstd', '-3', '--long=27'],
  ['zstd', '-3', '--no-check'],
  ['zstd', '-3', '--no-compress-literals'],
  ['zstd', '-19', '--zstd=wlog=10'],
  ['zstd', '-1', '-B4096', '-T2'],
];

test.for(settings)('DF-COPY-35 what %s makes with %s %s is read', async ([program, ...args]) => {
  expect((await read(pack(program, mixed, ...args))).equals(mixed)).toBe(true);
});

test.for<CompressionKind>(['gzip', 'bzip2', 'xz', 'zstd'])(
  '%s data of any size is read, also when it comes in pieces and in several streams',
  async (program) => {
    const bytes = mixed.subarray(0, 100_000);
    const parts = [bytes.subarray(0, 1), bytes.subarray(0, 0), bytes.subarray(1, 50_000), bytes.subarray(50_000)];
    const whole = Buffer.concat(parts.map((part) => pack(program, part)));
    for (const step of [19, 4096, 9999, whole.length]) expect((await read(whole, step)).equals(bytes), `${step}`).toBe(true);
  },
);

const packed: Readonly<Record<string, Buffer>> = {
  bzip2: pack('bzip2', text.subarray(0, 3000), '-1'),
  xz: pack('xz', text.subarray(0, 3000)),
  zstd: pack('zstd', text.subarray(0, 3000)),
};

test.for(Object.entries(packed))('%s data that was cut off anywhere is refused', async ([kind, whole]) => {
  for (let end = 0; end < whole.length; end += 1 + (end >> 6)) {
    await expect(drain(whole.subarray(0, end), kind as CompressionKind)).rejects.toMatchObject({ code: 'TAR_BAD_COMPRESSION' });
  }
});

async function drain(bytes: Uint8Array, kind: CompressionKind): Promise<number> {
  let total = 0;
  for await (const chunk of decompress(cut(bytes, 65536), kind)) total += chunk.length;
  return total;
}

test.for(Object.entries(packed))('%s data with a flipped bit is refused, or gives the same bytes', async ([kind, whole]) => {
  let same = 0;
  for (let bit = 0; bit < whole.length * 8; bit += 13) {
    const bad = Buffer.from(whole);
    bad[bit >> 3]! ^= 1 << (bit & 7);
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of decompress(cut(bad, 65536), kind as CompressionKind)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(text.subarray(0, 3000))).toBe(true);
      same += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(SlipwayError);
    }
  }
  // A few bits mean nothing: padding at the end, the level of bzip2, a larger window.
  expect(same).toBeLessThan(10);
});

test.for(Object.entries(packed))(
  '%s data that is damaged anyhow is read or refused, never anything else',
  async ([kind, whole]) => {
    const magicBytes = 6;
    const damage = fc.array(fc.tuple(fc.integer({ min: magicBytes, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damage, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 2 }), async (places, inserted) => {
        const bad = Buffer.concat([whole.subarray(0, whole.length >> 1), ...inserted, whole.subarray(whole.length >> 1)]);
        for (const [at, byte] of places) bad[at] = byte;
        try {
          // No more comes out than a block of this size may hold.
          expect(await drain(bad, kind as CompressionKind)).toBeLessThan(50_000_000);
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(SlipwayError);
        }
      }),
      { numRuns: 100 },
    );
    expect(refused).toBeGreaterThan(60);
  },
);

test('data that wants too much memory is refused before it gets it', async () => {
  const xz = pack('xz', text, '--lzma2=preset=1,dict=300MiB');
  await expect(read(xz)).rejects.toMatchObject({
    code: 'TAR_WINDOW_TOO_LARGE',
    message: expect.stringContaining('402.65MB') as string,
  });
  // A frame of zstd whose window is 256 MiB: an empty raw block.
  const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 1, 0, 0]);
  await expect(read(zstd)).rejects.toMatchObject({
    code: 'TAR_WINDOW_TOO_LARGE',
    message: expect.stringContaining('268.44MB') as string,
  });
});

test('what a format can have, and nothing here reads, is named', async () => {
  await expect(read(pack('xz', text, '--x86', '--lzma2=preset=1'))).rejects.toMatchObject({
    code: 'TAR_NO_DECOMPRESSOR',
    message: 'cannot read the xz data: it has a filter for one kind of data only',
  });
  const withDictionary = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x01, 0, 7, 1, 0, 0]);
  await expect(read(withDictionary)).rejects.toMatchObject({ code: 'TAR_NO_DECOMPRESSOR' });
});

test('what is no longer compressed data ends bzip2 and xz padding, but is refused in the others', async () => {
  const behind = Buffer.from('something else');
  expect(await read(Buffer.concat([packed['bzip2']!, behind]))).toEqual(text.subarray(0, 3000));
  expect(await read(Buffer.concat([packed['xz']!, Buffer.alloc(16)]))).toEqual(text.subarray(0, 3000));
  for (const kind of ['xz', 'zstd']) {
    await expect(read(Buffer.concat([packed[kind]!, behind]))).rejects.toMatchObject({ code: 'TAR_BAD_COMPRESSION' });
  }
});

test('skippable frames of zstd are passed over', async () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const bytes = Buffer.concat([skippable, packed['zstd']!, skippable, packed['zstd']!, skippable]);
  for (const step of [1, 1000]) expect((await read(bytes, step)).length).toBe(6000);
});
