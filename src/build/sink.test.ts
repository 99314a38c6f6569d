import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { checkSink, withSink } from './sink.ts';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function folder(): string {
  return mkdtempSync(join(scratch, 'out-'));
}

type Write = (chunk: Uint8Array) => Promise<void>;
const twoChunks = async (write: Write): Promise<void> => {
  await write(Buffer.from('one '));
  await write(Buffer.from('two'));
};

test('withSink() gives the file its name when it is whole', async () => {
  const out = folder();
  const path = join(out, 'file');
  writeFileSync(path, 'old');
  await withSink(path, undefined, async (write) => {
    await twoChunks(write);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
  expect(readFileSync(path, 'utf8')).toBe('one two');
  expect(readdirSync(out)).toEqual(['file']);
});

test('withSink() that fails leaves what was there, and nothing else', async () => {
  const out = folder();
  const path = join(out, 'file');
  writeFileSync(path, 'old');
  const failing = withSink(path, undefined, async (write) => {
    await twoChunks(write);
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  expect([readFileSync(path, 'utf8'), readdirSync(out)]).toEqual(['old', ['file']]);
});

test('withSink() writes to the file that a symlink names', async () => {
  const out = folder();
  writeFileSync(join(out, 'file'), 'old');
  symlinkSync('file', join(out, 'link'));
  await withSink(join(out, 'link'), undefined, twoChunks);
  expect(lstatSync(join(out, 'link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(out, 'file'), 'utf8')).toBe('one two');
});

test('withSink() writes into a pipe or device, and does not take its place', async () => {
  const path = join(folder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const read = text(createReadStream(path));
  await withSink(path, undefined, twoChunks);
  expect(await read).toBe('one two');
  expect(lstatSync(path).isFIFO()).toBe(true);
});

test('withSink() removes what a killed process of the same id left', async () => {
  const out = folder();
  writeFileSync(join(out, `file.${process.pid}.part`), 'half of it, and longer than the rest');
  await withSink(join(out, 'file'), undefined, twoChunks);
  expect(readFileSync(join(out, 'file'), 'utf8')).toBe('one two');
});

test('withSink() writes to the stream that is given', async () => {
  const stream = new PassThrough();
  await withSink('-', stream, twoChunks);
  stream.end();
  expect(await text(stream)).toBe('one two');
});

test('withSink() tells when nobody reads the stream any more', async () => {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  await expect(withSink('-', stream, twoChunks)).rejects.toThrow('EPIPE');
  await new Promise(setImmediate);
});

test.for<[what: string, dest: (out: string) => string]>([
  ['a directory', (out) => out],
  ['a file in no directory', (out) => join(out, 'no/file')],
  ['standard output that was not given', () => '-'],
])('checkSink() and withSink() refuse %s', async ([, dest]) => {
  const path = dest(folder());
  const error: unknown = expect.objectContaining({ code: 'BUILD_BAD_OUTPUT' });
  expect(() => checkSink(path, undefined)).toThrow(error as Error);
  await expect(withSink(path, undefined, twoChunks)).rejects.toEqual(error);
  expect(existsSync(join(path, 'file'))).toBe(false);
});

test('checkSink() writes nothing', () => {
  const out = folder();
  checkSink(join(out, 'file'), undefined);
  expect(readdirSync(out)).toEqual([]);
});
