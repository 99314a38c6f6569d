import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import { buildTree, type Entry, type LayerId, sortEntries, type Tree } from '../layer/index.ts';
import { dir, fifo, hardlink, link } from '../layer/samples.ts';
import { parseAll } from '../tar/samples.ts';
import { mergeTree } from './merge-tree.ts';
import { inline, scratchExport, type ScratchExport } from './samples.ts';
import { writeTreeTar } from './tree.ts';

interface Scratch extends ScratchExport {
  readonly out: string;
  at(path: string): string;
  merge(...entries: readonly Entry[]): Promise<void>;
}

function treeOf(...entries: readonly Entry[]): Tree {
  return buildTree([{ id: 'layer' as LayerId, entries: sortEntries(entries) }]);
}

function scratchOut(): Scratch {
  const scratch = scratchExport();
  const out = join(scratch.folder, 'out');
  return {
    ...scratch,
    out,
    at: (path) => join(out, path),
    merge: (...entries) => mergeTree(treeOf(...entries), hostPath(out), scratch.ports),
  };
}

test('mergeTree() writes files, directories and links with their modes and times', async () => {
  using scratch = scratchOut();
  await scratch.merge(
    dir('d', { mode: 0o555, mtimeSec: 2000 }),
    inline('d/f', 'text', { mode: 0o4711, mtimeSec: 3000 }),
    link('l', '/etc/passwd', { mtimeSec: 4000 }),
    hardlink('d/g', 'd/f'),
  );
  expect(readFileSync(scratch.at('d/f'), 'utf8')).toBe('text');
  expect([lstatSync(scratch.at('d')), lstatSync(scratch.at('d/f'))].map(({ mode, mtimeMs }) => [mode & 0o7777, mtimeMs])).toEqual(
    [
      [0o555, 2_000_000],
      [0o4711, 3_000_000],
    ],
  );
  expect([readlinkSync(scratch.at('l')), lstatSync(scratch.at('l')).mtimeMs]).toEqual(['/etc/passwd', 4_000_000]);
  expect(statSync(scratch.at('d/g')).ino).toBe(statSync(scratch.at('d/f')).ino);
  expect(statSync(scratch.at('d/f')).uid).toBe(process.getuid?.());
});

test('mergeTree() replaces what is there and keeps what the image does not have', async () => {
  using scratch = scratchOut();
  mkdirSync(scratch.at('d'), { recursive: true });
  for (const name of ['d/f', 'd/kept', 'was a file', 'linked']) writeFileSync(scratch.at(name), 'old');
  linkSync(scratch.at('linked'), scratch.at('other name'));
  await scratch.merge(dir('d'), inline('d/f', 'new'), dir('was a file'), inline('was a file/x'), inline('linked', 'new'));
  expect(['d/f', 'd/kept', 'was a file/x', 'linked', 'other name'].map((name) => readFileSync(scratch.at(name), 'utf8'))).toEqual(
    ['new', 'old', 'was a file/x', 'new', 'old'],
  );
  await scratch.merge(dir('d'), inline('d/f', 'newer'));
  expect(readFileSync(scratch.at('d/f'), 'utf8')).toBe('newer');
});

test('mergeTree() never writes through a symbolic link of the destination', async () => {
  using scratch = scratchOut();
  const outside = join(scratch.folder, 'outside');
  mkdirSync(outside);
  mkdirSync(scratch.out);
  writeFileSync(join(outside, 'target'), 'untouched');
  symlinkSync(outside, scratch.at('d'));
  symlinkSync(join(outside, 'target'), scratch.at('f'));
  symlinkSync(join(outside, 'target'), scratch.at('l'));
  await scratch.merge(dir('d', { mode: 0o700 }), inline('d/x'), inline('f'), link('l', 'f'), hardlink('d/h', 'f'));
  expect(readdirSync(outside)).toEqual(['target']);
  expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('untouched');
  expect([lstatSync(scratch.at('d')).isDirectory(), lstatSync(scratch.at('f')).isFile(), readlinkSync(scratch.at('l'))]).toEqual([
    true,
    true,
    'f',
  ]);
  expect(statSync(outside).mode & 0o777).not.toBe(0o700);
});

test('mergeTree() never follows a symbolic link of the image', async () => {
  using scratch = scratchOut();
  const outside = join(scratch.folder, 'outside');
  mkdirSync(outside);
  await scratch.merge(link('d', outside), inline('e', 'x'));
  await scratch.merge(dir('d'), inline('d/f'));
  expect(readdirSync(outside)).toEqual([]);
  expect(lstatSync(scratch.at('d')).isDirectory()).toBe(true);
});

test('mergeTree() refuses to put a file where a directory is', async () => {
  using scratch = scratchOut();
  mkdirSync(scratch.at('f/with/things'), { recursive: true });
  await expect(scratch.merge(inline('f'))).rejects.toMatchObject({ code: 'EXPORT_IN_THE_WAY' });
  expect(existsSync(scratch.at('f/with/things'))).toBe(true);
});

test('mergeTree() writes pipes; it leaves out devices, and every other name of them', async () => {
  using scratch = scratchOut();
  const device: Entry = { ...fifo('device'), type: 'char', major: 1, minor: 3 };
  await scratch.merge(device, hardlink('z', 'device'), fifo('pipe'), hardlink('same pipe', 'pipe'));
  expect(readdirSync(scratch.out).toSorted()).toEqual(['pipe', 'same pipe']);
  expect(lstatSync(scratch.at('pipe')).isFIFO()).toBe(true);
});

test('mergeTree() keeps the bytes of names that are not UTF-8', async () => {
  using scratch = scratchOut();
  await scratch.merge(inline('a\udcff', 'one'), inline('a\udcfe', 'two'), link('l', 'a\udcff'), fifo('p\udcff'));
  const names = readdirSync(scratch.out, 'buffer').map((name) => name.toString('latin1'));
  expect(names.toSorted()).toEqual(['a\xfe', 'a\xff', 'l', 'p\xff']);
  expect(readFileSync(Buffer.concat([Buffer.from(`${scratch.out}/a`), Buffer.from([0xff])]), 'utf8')).toBe('one');
  expect(readlinkSync(scratch.at('l'), 'buffer').toString('latin1')).toBe('a\xff');
});

test('mergeTree() of an empty tree makes the directory', async () => {
  using scratch = scratchOut();
  await scratch.merge();
  expect(readdirSync(scratch.out)).toEqual([]);
});

test('writeTreeTar() writes owners, modes and contents, and no root', async () => {
  using scratch = scratchOut();
  const chunks: Buffer[] = [];
  const tree = treeOf(
    dir('', { mode: 0o700 }),
    dir('d', { uid: 7, gid: 8 }),
    inline('d/f', 'text', { mode: 0o4755, uid: 5 }),
    hardlink('g', 'd/f'),
    fifo('p'),
  );
  await writeTreeTar(tree, async (chunk) => void chunks.push(Buffer.from(chunk)), scratch.ports);
  const { members, contents } = parseAll(Buffer.concat(chunks));
  expect(members.map(({ name, type, mode, uid, gid }) => [name, type, mode, uid, gid])).toEqual([
    ['d/', 'dir', 0o755, 7, 8],
    ['d/f', 'file', 0o4755, 5, 0],
    ['g', 'hardlink', 0o4755, 5, 0],
    ['p', 'fifo', 0o644, 0, 0],
  ]);
  expect(contents.map(String)).toContain('text');
});

test('writeTreeTar() holds only a piece of a big file in memory', async () => {
  using scratch = scratchOut();
  const sizeBytes = 300 << 20;
  const id = scratch.store.layers.newId();
  const home = join(scratch.store.paths.root, 'layers', id, 'd');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'big'), '');
  truncateSync(join(home, 'big'), sizeBytes);
  scratch.store.layers.commit({
    id,
    createdAt: '',
    entries: [{ type: 'file', path: 'big', mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes }],
  });
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let written = 0;
  const tree = buildTree([scratch.store.layers.index(id)]);
  await writeTreeTar(
    tree,
    async (chunk) => {
      written += chunk.byteLength;
      if (written % (8 << 20) < chunk.byteLength) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    },
    scratch.ports,
  );
  expect(written).toBeGreaterThan(sizeBytes);
  expect(most).toBeLessThan(sizeBytes / 2);
});

test('EXP-03 mergeTree() that removes others leaves just the tree, and touches nothing behind a link', async () => {
  using scratch = scratchOut();
  const outside = join(scratch.folder, 'outside');
  for (const path of [outside, scratch.at('d/old'), scratch.at('was-dir')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(outside, 'kept'), '');
  symlinkSync(outside, scratch.at('linked'));
  symlinkSync(outside, scratch.at('e'));
  for (const path of ['d/old/file', 'd/kept', 'was-dir/file', 'stale', Buffer.from([0xff, 0x61])])
    writeFileSync(Buffer.concat([Buffer.from(`${scratch.out}/`), Buffer.from(path)]), 'old');
  const tree = treeOf(dir('d'), inline('d/kept', 'new'), dir('e'), inline('e/f', 'f'), inline('was-dir', 'now a file'));
  await mergeTree(tree, hostPath(scratch.out), { ...scratch.ports, removesOthers: true });
  expect(readdirSync(scratch.out, { recursive: true }).sort()).toEqual(['d', 'd/kept', 'e', 'e/f', 'was-dir']);
  expect(readFileSync(scratch.at('d/kept'), 'utf8')).toBe('new');
  expect(readdirSync(outside)).toEqual(['kept']);
});

test('mergeTree() and writeTreeTar() give every file the time that was asked for', async () => {
  using scratch = scratchOut();
  const tree = treeOf(
    dir('d', { mtimeSec: 5 }),
    inline('d/f', 'x', { mtimeSec: 9_000_000_000 }),
    link('l', 'x', { mtimeSec: 7 }),
  );
  await mergeTree(tree, hostPath(scratch.out), { ...scratch.ports, mtimeSec: 1000 });
  expect(['d', 'd/f', 'l'].map((path) => lstatSync(scratch.at(path)).mtimeMs)).toEqual([1_000_000, 1_000_000, 1_000_000]);
  const chunks: Buffer[] = [];
  const write = (chunk: Uint8Array): Promise<void> => Promise.resolve(void chunks.push(Buffer.from(chunk)));
  await writeTreeTar(tree, write, { ...scratch.ports, mtimeSec: 1000 });
  expect(parseAll(Buffer.concat(chunks)).members.map(({ mtimeSec }) => mtimeSec)).toEqual([1000, 1000, 1000]);
});
