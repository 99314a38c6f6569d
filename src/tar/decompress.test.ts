import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CompressionKind, decompress, decompressed, sniffCompression } from './decompress.ts';

async function* cut(bytes: Uint8Array, step = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function read(source: AsyncIterable<Uint8Array>, kind: CompressionKind): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(source, kind)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const bytes = Buffer.from(Array.from({ length: 3000 }, (_, at) => `${at * 7919}`).join(','));

test.for<[kind: CompressionKind, first: number[]]>([
  ['gzip', [0x1f, 0x8b, 8, 0]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zstd', [0x54, 0x2a, 0x4d, 0x18]],
  ['none', [0x1f, 0x8b]],
  ['none', []],
])('DF-COPY-35 sniffCompression() knows %s by %j', ([kind, first]) => {
  expect(sniffCompression(Uint8Array.from(first))).toBe(kind);
});

test('decompress() reads gzip of one member and of several', async () => {
  expect(await read(cut(gzipSync(bytes)), 'gzip')).toEqual(bytes);
  const two = Buffer.concat([gzipSync(bytes.subarray(0, 5000)), gzipSync(bytes.subarray(5000))]);
  expect(await read(cut(two, 77), 'gzip')).toEqual(bytes);
});

const followers: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a letter', Buffer.from('x')],
  ['text', Buffer.alloc(200_000, 'garbage')],
  ['half a header', Buffer.from([0x1f, 0x8b, 8, 0])],
  ['the start of a member', gzipSync(bytes).subarray(0, 200)],
  ['zeros and a letter', Buffer.concat([Buffer.alloc(70_000), Buffer.from('x')])],
];

test.for(followers)('decompress() gives all of a gzip that is followed by %s, and then the error', async ([, after]) => {
  for (const step of [77, 1 << 20]) {
    const chunks: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of decompress(cut(Buffer.concat([gzipSync(bytes), after]), step), 'gzip')) chunks.push(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'TAR_BAD_COMPRESSION' });
    expect(Buffer.concat(chunks).subarray(0, bytes.length)).toEqual(bytes);
  }
});

test('decompress() reads gzip with a name, a comment, an extra field and a sum over its header, and zeros behind it', async () => {
  const head = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3]);
  const fields = Buffer.concat([
    Buffer.from([3, 0]),
    Buffer.from('abc'),
    Buffer.from(`${'n'.repeat(3000)}\0why\0`),
    Buffer.alloc(2),
  ]);
  const member = Buffer.concat([head, fields, gzipSync(bytes).subarray(10)]);
  for (const step of [1, 77, 1 << 20])
    expect(await read(cut(Buffer.concat([member, member, Buffer.alloc(1000)]), step), 'gzip')).toEqual(
      Buffer.concat([bytes, bytes]),
    );
});

test('decompress() passes bytes that are not compressed', async () => {
  expect(await read(cut(bytes), 'none')).toEqual(bytes);
});

test('decompressed() finds out how its source is compressed', async () => {
  for (const source of [cut(bytes, 3), cut(gzipSync(bytes), 77)]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of decompressed(source)) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(bytes);
  }
});

test.for<[name: string, make: () => Buffer]>([
  ['cut off', () => gzipSync(bytes).subarray(0, -20)],
  [
    'with a wrong checksum',
    () => Buffer.concat([gzipSync(bytes).subarray(0, -8), Buffer.alloc(4, 0xaa), gzipSync(bytes).subarray(-4)]),
  ],
  ['that is no gzip', () => Buffer.alloc(100, 1)],
])('decompress() refuses gzip %s', async ([, make]) => {
  await expect(read(cut(make()), 'gzip')).rejects.toMatchObject({ code: 'TAR_BAD_COMPRESSION' });
});

test('decompress() gives on the error of its source', async () => {
  async function* broken(first: Uint8Array): AsyncGenerator<Uint8Array> {
    yield first;
    throw new Error('source');
  }
  await expect(read(broken(gzipSync(bytes).subarray(0, 500)), 'gzip')).rejects.toThrow('source');
  for (const kind of ['bzip2', 'xz', 'zstd'] as const)
    await expect(read(broken(Buffer.alloc(2)), kind)).rejects.toThrow('source');
});

test('a reader that stops early closes the source', async () => {
  let isClosed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield gzipSync(bytes);
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of decompress(source(), 'gzip')) break;
  expect(isClosed).toBe(true);
});
