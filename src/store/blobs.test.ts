import { readdirSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { descriptorOf, digestOf } from '../oci/index.ts';
import { readFileChunks } from './blobs.ts';
import { chunksOf, scratchStore } from './scratch-store.ts';

const { signal } = new AbortController();
const text = 'the bytes of a blob';
const expected = descriptorOf('text/plain', Buffer.from(text));

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('ingest() stores the bytes under their digest and shows each chunk on its way', async () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  const seen: string[] = [];
  const observe = (chunk: Uint8Array): void => void seen.push(Buffer.from(chunk).toString());
  await blobs.ingest(expected, chunksOf('the bytes ', 'of a blob'), { signal, observe });
  expect(Buffer.from(blobs.read(expected.digest)).toString()).toBe(text);
  expect(await collect(blobs.stream(expected.digest))).toBe(text);
  expect(blobs.sizeBytes(expected.digest)).toBe(expected.size);
  expect(seen).toEqual(['the bytes ', 'of a blob']);
  expect(scratch.ingests()).toEqual([]);
});

test.for<[what: string, chunks: string[]]>([
  ['other bytes', ['the bytes of a blub']],
  ['fewer bytes', ['the bytes']],
  ['more bytes', [text, '!']],
  ['no bytes', []],
])('ingest() refuses %s and leaves nothing', async ([, chunks]) => {
  using scratch = scratchStore();
  const { blobs, paths } = scratch.store;
  await expect(blobs.ingest(expected, chunksOf(...chunks), { signal })).rejects.toMatchObject({ code: 'OCI_DIGEST_MISMATCH' });
  expect(blobs.has(expected.digest)).toBe(false);
  expect([...scratch.ingests(), ...readdirSync(`${paths.root}/blobs/sha256`)]).toEqual([]);
});

test('ingest() stops reading a source that runs long', async () => {
  using scratch = scratchStore();
  let given = 0;
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        given += 1;
        yield Buffer.from(text);
      }
    } finally {
      closed = true;
    }
  }
  await expect(scratch.store.blobs.ingest(expected, endless(), { signal })).rejects.toMatchObject({
    code: 'OCI_DIGEST_MISMATCH',
  });
  expect([given, closed]).toEqual([2, true]);
});

test.for<[string, (stop: AbortController) => AsyncGenerator<Uint8Array>]>([
  [
    'the source fails',
    async function* () {
      yield Buffer.from('the');
      throw new Error('connection lost');
    },
  ],
  [
    'the caller stops it',
    async function* (stop) {
      yield Buffer.from('the');
      stop.abort(new Error('connection lost'));
      yield Buffer.from(' bytes of a blob');
    },
  ],
])('ingest() leaves nothing when %s', async ([, make]) => {
  using scratch = scratchStore();
  const stop = new AbortController();
  await expect(scratch.store.blobs.ingest(expected, make(stop), { signal: stop.signal })).rejects.toThrow('connection lost');
  expect(scratch.ingests()).toEqual([]);
  expect(scratch.store.blobs.has(expected.digest)).toBe(false);
});

test('ingest() by several at once succeeds for each', async () => {
  using scratch = scratchStore();
  const stores = [scratch.store, scratch.reopen(), scratch.reopen()];
  await Promise.all(stores.map(({ blobs }) => blobs.ingest(expected, chunksOf('the bytes ', 'of a', ' blob'), { signal })));
  expect(Buffer.from(scratch.store.blobs.read(expected.digest)).toString()).toBe(text);
  expect(scratch.ingests()).toEqual([]);
});

test('create() names a blob by its bytes, however they came', () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  const sizes = fc.array(fc.constantFrom(0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1), { maxLength: 5 });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const chunks = lengths.map((length, at) => Buffer.alloc(length, at + 1));
      using writer = blobs.create();
      const reused = Buffer.alloc(2 << 20);
      for (const chunk of chunks) {
        chunk.copy(reused);
        writer.write(reused.subarray(0, chunk.length));
      }
      const all = Buffer.concat(chunks);
      expect(writer.commit('text/plain')).toEqual(descriptorOf('text/plain', all));
      expect(digestOf(blobs.read(digestOf(all)))).toBe(digestOf(all));
    }),
    { numRuns: 20 },
  );
  expect(scratch.ingests()).toEqual([]);
});

test('create() leaves nothing when it is disposed without a commit', () => {
  using scratch = scratchStore();
  {
    using writer = scratch.store.blobs.create();
    writer.write(Buffer.from(text));
    expect(scratch.ingests()).toHaveLength(1);
  }
  expect(scratch.ingests()).toEqual([]);
  expect(readdirSync(`${scratch.store.paths.root}/blobs/sha256`)).toEqual([]);
});

test('read() refuses a blob that was damaged, and removes it so that it is brought again', () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  const { digest } = blobs.put('text/plain', Buffer.from(text));
  writeFileSync(blobs.path(digest), 'the bytes of a blub');
  expect(() => blobs.read(digest)).toThrow(expect.objectContaining({ code: 'STORE_BLOB_DAMAGED' }));
  expect(blobs.has(digest)).toBe(false);
  blobs.put('text/plain', Buffer.from(text));
  expect(Buffer.from(blobs.read(digest)).toString()).toBe(text);
});

test('stream() and check() refuse a blob that was damaged since it was made, and remove it', async () => {
  using scratch = scratchStore();
  for (const look of ['stream', 'check'] as const) {
    const { digest } = scratch.store.blobs.put('text/plain', Buffer.from(text));
    writeFileSync(scratch.store.blobs.path(digest), 'the bytes of a blub');
    const { blobs } = scratch.reopen();
    const looking = look === 'stream' ? collect(blobs.stream(digest)) : blobs.check(digest);
    await expect(looking).rejects.toMatchObject({ code: 'STORE_BLOB_DAMAGED' });
    expect(blobs.has(digest)).toBe(false);
  }
});

test('read() and stream() of a blob that is not there say so', async () => {
  using scratch = scratchStore();
  const { blobs } = scratch.store;
  expect(() => blobs.read(expected.digest)).toThrow(expect.objectContaining({ code: 'STORE_BLOB_MISSING' }));
  await expect(collect(blobs.stream(expected.digest))).rejects.toMatchObject({ code: 'STORE_BLOB_MISSING' });
  blobs.remove(expected.digest);
});

test('readFileChunks() gives a stretch of the file', async () => {
  using scratch = scratchStore();
  const { digest } = scratch.store.blobs.put('text/plain', Buffer.from(text));
  const path = scratch.store.blobs.path(digest);
  expect(await collect(readFileChunks(path, 4, 5))).toBe('bytes');
  expect(await collect(readFileChunks(path, 15, 100))).toBe('blob');
});
