import { expect, test } from 'vitest';
import { type ActionOptions, type CopyAction, copy } from './copy.ts';
import { createDraft } from './draft.ts';
import type { Entry } from './entry.ts';
import { copyAction, dir, fifo, file, hardlink, layer, link, listing, names, treeOf } from './samples.ts';
import { buildTree } from './build-tree.ts';
import { emptyTree, nodeAt, type Tree } from './tree.ts';

const source = treeOf(
  'src',
  file('a.txt', 'A', { mode: 0o640, mtimeSec: 7 }),
  file('b.txt', 'B'),
  file('.env'),
  file('[0].txt'),
  dir('d', { mode: 0o700, uid: 5, gid: 6, mtimeSec: 70 }),
  file('d/one', '1', { uid: 5, gid: 6 }),
  dir('d/n', { mode: 0o750, uid: 5, gid: 6, mtimeSec: 71 }),
  file('d/n/two', '2', { mode: 0o4755 }),
  link('d/lnk', '/a.txt'),
  link('tofile', 'd/one'),
  link('todir', '/d'),
  link('dang', 'nowhere'),
);

const base = treeOf(
  'base',
  dir('etc', { mode: 0o711, uid: 1, gid: 1 }),
  file('etc/conf'),
  dir('etc/n', { mode: 0o711 }),
  dir('real'),
  link('lnk', '/real'),
  link('etc/one', 'conf'),
  link('nolink', 'etc/conf'),
);

interface Result {
  readonly entries: readonly Entry[];
  readonly tree: Tree;
}

function run(action: CopyAction, options: Partial<ActionOptions> = {}, on: Tree = base, from: Tree = source): Result {
  const draft = createDraft(on);
  copy(draft, from, action, { nowSec: 5000, ...options });
  return { entries: draft.finish(), tree: draft.tree() };
}

function meta(tree: Tree, path: string): string {
  const entry = nodeAt(tree, path)?.entry;
  return entry === undefined ? 'missing' : `${entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} @${entry.mtimeSec}`;
}

test.for<[name: string, src: string, dest: string, entries: string[]]>([
  ['DF-COPY-01 file to a new name', '/a.txt', '/new', ['file new']],
  ['DF-COPY-01 file into an existing directory', '/a.txt', '/etc', ['dir etc', 'file etc/a.txt']],
  ['DF-COPY-01 file with a trailing slash makes the directory', '/a.txt', '/x/y/', ['dir x', 'dir x/y', 'file x/y/a.txt']],
  ['DF-COPY-01 file with a trailing dot makes the directory', '/a.txt', '/x/.', ['dir x', 'file x/a.txt']],
  ['DF-COPY-01 file over a file', '/a.txt', '/etc/conf', ['dir etc', 'file etc/conf']],
  ['DF-COPY-01 file below missing parents', '/a.txt', '/x/y', ['dir x', 'file x/y']],
  [
    'DF-COPY-02 directory: its contents, dest missing',
    '/d',
    '/x',
    ['dir x', 'symlink x/lnk', 'dir x/n', 'file x/n/two', 'file x/one'],
  ],
  [
    'DF-COPY-02 directory with a slash: the same',
    '/d/',
    '/x/',
    ['dir x', 'symlink x/lnk', 'dir x/n', 'file x/n/two', 'file x/one'],
  ],
  [
    'DF-COPY-02 directory with a dot: the same',
    '/d/.',
    '/x',
    ['dir x', 'symlink x/lnk', 'dir x/n', 'file x/n/two', 'file x/one'],
  ],
  [
    'DF-COPY-02 directory merged into an existing one',
    '/d',
    '/etc',
    ['dir etc', 'symlink etc/lnk', 'dir etc/n', 'file etc/n/two', 'file etc/one'],
  ],
  ['DF-COPY-02 directory into the root', '/d', '/', ['symlink lnk', 'dir n', 'file n/two', 'file one']],
  ['DF-COPY-05 leading .. of the source stays inside', '../../a.txt', '/new', ['file new']],
  ['DF-COPY-05 a source without leading slash', 'a.txt', '/new', ['file new']],
  ['DF-COPY-06 wildcard to a directory', '/*.txt', '/x/', ['dir x', 'file x/[0].txt', 'file x/a.txt', 'file x/b.txt']],
  ['DF-COPY-06 wildcard does not cross a slash', '/*ne', '/x/', []],
  ['DF-COPY-06 wildcard in a directory part', '/*/one', '/x/', ['dir x', 'file x/one']],
  ['DF-COPY-06 wildcard matches dot files', '/.e*', '/x/', ['dir x', 'file x/.env']],
  ['DF-COPY-06 class', '/[ab].txt', '/x/', ['dir x', 'file x/a.txt', 'file x/b.txt']],
  ['DF-COPY-07 wildcard without a match', '/*.none', '/x/', []],
  ['DF-COPY-08 escaped bracket', '/[[]0].txt', '/x/', ['dir x', 'file x/[0].txt']],
  ['DF-COPY-09 wildcard with one file match and no slash', '/a.*', '/new', ['file new']],
  [
    'DF-COPY-09 matched directory: its contents',
    '/[d]',
    '/x',
    ['dir x', 'symlink x/lnk', 'dir x/n', 'file x/n/two', 'file x/one'],
  ],
  ['DF-COPY-10 symlink to a file is followed, the name stays', '/tofile', '/x/', ['dir x', 'file x/tofile']],
  [
    'DF-COPY-10 symlink to a directory is followed',
    '/todir',
    '/x',
    ['dir x', 'symlink x/lnk', 'dir x/n', 'file x/n/two', 'file x/one'],
  ],
  ['DF-COPY-10 symlink on the way is followed', '/todir/one', '/new', ['file new']],
  ['DF-COPY-10 symlink before a wildcard is followed', '/todir/o*', '/x/', ['dir x', 'file x/one']],
  ['DF-COPY-10 wildcard match that is a symlink is followed', '/tof*', '/x/', ['dir x', 'file x/tofile']],
  ['DF-COPY-12 symlink in the destination', '/a.txt', '/lnk/', ['dir real', 'file real/a.txt']],
  ['DF-COPY-12 symlink as the destination', '/a.txt', '/lnk', ['dir real', 'file real/a.txt']],
  ['DF-COPY-12 symlink to a file as the destination', '/a.txt', '/nolink', ['dir etc', 'file etc/conf']],
  ['DF-COPY-13 a file over a symlink replaces it', '/d/one', '/etc/', ['dir etc', 'file etc/one']],
  ['DF-COPY-49 a name with blanks', '/a.txt', '/with blank/b c', ['dir with blank', 'file with blank/b c']],
])('%s', ([, src, dest, entries]) => {
  expect(names(run(copyAction(src, dest)).entries)).toEqual(entries);
});

test('DF-COPY-03 a made top directory is 0755 root with the time of the source', () => {
  const { tree } = run(copyAction('/d', '/p/x'));
  expect(meta(tree, 'p')).toBe('dir 755 0:0 @5000');
  expect(meta(tree, 'p/x')).toBe('dir 755 0:0 @70');
});

test('DF-COPY-03 an existing top directory keeps mode and owner', () => {
  expect(meta(run(copyAction('/d', '/etc')).tree, 'etc')).toBe('dir 711 1:1 @70');
});

test('DF-COPY-03 nested directories take mode, owner and time of the source, new or not', () => {
  expect(meta(run(copyAction('/d', '/x')).tree, 'x/n')).toBe('dir 750 5:6 @71');
  expect(meta(run(copyAction('/d', '/etc')).tree, 'etc/n')).toBe('dir 750 5:6 @71');
});

test('DF-COPY-09 several sources without a slash overwrite each other', () => {
  const draft = createDraft(emptyTree);
  copy(draft, source, copyAction('/a.txt', '/new'), { nowSec: 1 });
  copy(draft, source, copyAction('/b.txt', '/new'), { nowSec: 1 });
  expect(draft.finish()).toMatchObject([{ type: 'file', path: 'new', content: { path: 'b.txt' } }]);
});

test('DF-COPY-11 a nested symlink is copied as it is', () => {
  expect(nodeAt(run(copyAction('/d', '/x')).tree, 'x/lnk')?.entry).toMatchObject({ type: 'symlink', target: '/a.txt' });
});

test.for<[name: string, src: string, dest: string, message: string]>([
  ['DF-COPY-14 directory over file', '/d', '/etc/conf', 'cannot copy to non-directory: /etc/conf'],
  ['DF-COPY-14 directory through file', '/d', '/etc/conf/x', 'cannot copy to non-directory: /etc/conf'],
  ['DF-COPY-07 missing source', '/no.txt', '/x', '"/no.txt": not found'],
  ['DF-COPY-07 missing part before a wildcard', '/no/*.txt', '/x', '"/no": not found'],
  ['DF-COPY-07 dangling symlink', '/dang', '/x', '"/dang": not found'],
])('%s is an error', ([, src, dest, message]) => {
  expect(() => run(copyAction(src, dest))).toThrow(expect.objectContaining({ message }));
});

test('DF-COPY-14 a file over a directory is an error', () => {
  const on = treeOf('base', dir('x'), dir('x/a.txt'), dir('y'), dir('y/one'));
  const message = 'cannot replace to directory /x/a.txt with file';
  expect(() => run(copyAction('/a.txt', '/x'), {}, on)).toThrow(expect.objectContaining({ code: 'LAYER_IS_DIRECTORY', message }));
  expect(() => run(copyAction('/d', '/y'), {}, on)).toThrow(expect.objectContaining({ code: 'LAYER_IS_DIRECTORY' }));
});

test('DF-COPY-14 a nested directory over a symlink to a directory is an error', () => {
  const on = treeOf('base', dir('x'), link('x/n', '/x'));
  expect(() => run(copyAction('/d', '/x'), {}, on)).toThrow(
    expect.objectContaining({ code: 'LAYER_NOT_DIRECTORY', message: 'cannot copy to non-directory: /x/n' }),
  );
});

test('alwaysReplaceExistingDestPaths takes whatever is in the way out of it', () => {
  const on = treeOf('base', dir('x'), file('x/n'), dir('x/one'), file('x/one/deep'));
  const { tree } = run(copyAction('/d', '/x', { alwaysReplaceExistingDestPaths: true }), {}, on);
  expect(listing(tree)).toEqual(['dir x', 'symlink x/lnk -> /a.txt', 'dir x/n', 'file x/n/two', 'file x/one']);
});

test('DF-COPY-07 a missing source suggests the nearest name', () => {
  expect(() => run(copyAction('/d/n/tow', '/x'))).toThrow(expect.objectContaining({ hint: 'did you mean `/d/n/two`?' }));
});

test('DF-COPY-15 hard links of one copied tree stay hard links', () => {
  const from = treeOf('s', dir('d'), file('d/b'), hardlink('d/a', 'd/b'), dir('d/n'), hardlink('d/n/c', 'd/b'));
  const { entries, tree } = run(copyAction('/d', '/x'), {}, emptyTree, from);
  expect(names(entries)).toEqual(['dir x', 'file x/a', 'hardlink x/b -> x/a', 'dir x/n', 'hardlink x/n/c -> x/a']);
  expect(nodeAt(tree, 'x/b')).toBe(nodeAt(tree, 'x/a'));
});

test('DF-COPY-15 a FIFO is copied', () => {
  expect(names(run(copyAction('/d', '/x'), {}, emptyTree, treeOf('s', dir('d'), fifo('d/p'))).entries)).toEqual([
    'dir x',
    'fifo x/p',
  ]);
});

test('DF-COPY-16 DF-COPY-17 a file keeps time, mode and owner', () => {
  const { tree } = run(copyAction('/d', '/x'));
  expect(meta(tree, 'x/one')).toBe('file 644 5:6 @1000');
  expect(meta(tree, 'x/n/two')).toBe('file 4755 0:0 @1000');
});

test('DF-COPY-20 an owner goes to all that is copied and to parents made, not to what exists', () => {
  const { tree } = run(copyAction('/d', '/etc/p/x'), { owner: { uid: 9, gid: 8 } });
  expect(meta(tree, 'etc')).toBe('dir 711 1:1 @5000');
  for (const path of ['etc/p', 'etc/p/x', 'etc/p/x/n', 'etc/p/x/one', 'etc/p/x/lnk']) expect(meta(tree, path)).toMatch(/ 9:8 /);
});

test('DF-COPY-21 an octal mode goes to files and directories, copied or made, but not to symlinks', () => {
  const { tree } = run(copyAction('/d', '/p/x', { mode: 0o4640 }));
  expect(meta(tree, 'p')).toMatch(/^dir 640 /);
  expect(meta(tree, 'p/x')).toMatch(/^dir 640 /);
  expect(meta(tree, 'p/x/n')).toMatch(/^dir 4640 /);
  expect(meta(tree, 'p/x/one')).toMatch(/^file 4640 /);
  expect(meta(tree, 'p/x/lnk')).toMatch(/^symlink 777 /);
});

test('DF-COPY-22 a symbolic mode changes each entry’s own; made parents are 0755', () => {
  const { tree } = run(copyAction('/d', '/p/x', { modeStr: 'go=,u+X' }));
  expect(meta(tree, 'p')).toMatch(/^dir 755 /);
  expect(meta(tree, 'p/x/n')).toMatch(/^dir 700 /);
  expect(meta(tree, 'p/x/one')).toMatch(/^file 600 /);
});

test('a timestamp goes to all that is copied and made', () => {
  const { tree } = run(copyAction('/d', '/p/x', { timestampNs: 9_500_000_000n }));
  for (const path of ['p', 'p/x', 'p/x/n', 'p/x/one', 'p/x/lnk']) expect(meta(tree, path)).toMatch(/@9$/);
});

test('DF-COPY-48 extended attributes are copied', () => {
  const from = treeOf('s', file('f', 'x', { xattrs: { 'user.a': 'YQ==' } }));
  expect(run(copyAction('/f', '/g'), {}, emptyTree, from).entries).toMatchObject([{ xattrs: { 'user.a': 'YQ==' } }]);
});

test('a copied file points at the layer with its bytes, and a copy of a copy too', () => {
  const first = run(copyAction('/a.txt', '/new')).entries;
  expect(first).toMatchObject([{ content: { kind: 'layer', layer: 'src', path: 'a.txt' }, sizeBytes: 1 }]);
  const second = run(copyAction('/new', '/again'), {}, emptyTree, buildTree([layer('mid', ...first)])).entries;
  expect(second).toMatchObject([{ path: 'again', content: { kind: 'layer', layer: 'src', path: 'a.txt' } }]);
});

test('IMG-12 parents of a change are written as they are now, siblings are not', () => {
  const on = treeOf('base', dir('a', { mode: 0o700 }), dir('a/b', { uid: 3 }), file('a/b/old'), dir('a/c'));
  expect(run(copyAction('/a.txt', '/a/b/new'), {}, on).entries).toMatchObject([
    { path: 'a', mode: 0o700, mtimeSec: 1000 },
    { path: 'a/b', uid: 3, mtimeSec: 5000 },
    { path: 'a/b/new' },
  ]);
});

test('copying a tree into itself ends', () => {
  const { tree } = run(copyAction('/', '/copy'), {}, source, source);
  expect(nodeAt(tree, 'copy/d/one')).toBeDefined();
  expect(nodeAt(tree, 'copy/copy')).toBeUndefined();
});

test('without createDestPath a missing parent is an error', () => {
  expect(() => run(copyAction('/a.txt', '/p/x', { createDestPath: false }))).toThrow(
    expect.objectContaining({ message: '"/p": not found' }),
  );
  expect(names(run(copyAction('/a.txt', '/etc/x', { createDestPath: false })).entries)).toEqual(['dir etc', 'file etc/x']);
});

test('without dirCopyContents a directory goes into an existing one under its name', () => {
  const { tree } = run(copyAction('/d', '/etc', { dirCopyContents: false }));
  expect(meta(tree, 'etc/d')).toBe('dir 700 5:6 @70');
  expect(nodeAt(tree, 'etc/d/one')).toBeDefined();
});

test('DF-COPY-15 pipes and devices are copied as what they are', () => {
  const device = { ...fifo('d/b'), type: 'block', major: 7, minor: 1, mode: 0o660 } as const;
  const source = treeOf('s', dir('d'), device, { ...device, path: 'd/c', type: 'char' }, fifo('d/p'));
  expect(run(copyAction('/d', '/x'), {}, emptyTree, source).entries).toMatchObject([
    { path: 'x' },
    { path: 'x/b', type: 'block', major: 7, minor: 1, mode: 0o660 },
    { path: 'x/c', type: 'char', major: 7, minor: 1 },
    { path: 'x/p', type: 'fifo' },
  ]);
});
