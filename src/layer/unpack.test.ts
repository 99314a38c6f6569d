import { expect, test } from 'vitest';
import { createDraft, type Draft } from './draft.ts';
import type { Entry, FileEntry, LayerId } from './entry.ts';
import { dir, file, hardlink, link, listing, names, treeOf } from './samples.ts';
import { nodeAt } from './tree.ts';
import { unpack } from './unpack.ts';

const base = treeOf(
  'base',
  dir('app', { mode: 0o711, uid: 2 }),
  dir('app/d', { mode: 0o711 }),
  file('app/f', 'old'),
  link('l', '/app'),
  dir('etc'),
);

/** A file of an archive whose bytes were put into a layer of their own. */
function packed(path: string, meta: Partial<FileEntry> = {}): FileEntry {
  return { ...file(path), content: { kind: 'layer', layer: 'archive' as LayerId, path }, ...meta };
}

function run(dest: string, entries: readonly Entry[], owner?: { uid: number; gid: number }): Draft {
  const draft = createDraft(base);
  unpack(draft, dest, entries, { nowSec: 5000, owner });
  return draft;
}

test('DF-COPY-35 unpack() makes the destination and what parents the archive leaves out', () => {
  const draft = run('/new/x', [packed('a/b/f'), packed('g')]);
  expect(names(draft.finish())).toEqual([
    'dir new',
    'dir new/x',
    'dir new/x/a',
    'dir new/x/a/b',
    'file new/x/a/b/f',
    'file new/x/g',
  ]);
  expect(nodeAt(draft.tree(), 'new/x')?.entry).toMatchObject({ mode: 0o755, uid: 0 });
});

test('DF-COPY-35 unpack() replaces files, merges directories, and leaves the destination’s own mode', () => {
  const draft = run('/app', [
    dir('', { mode: 0o777, uid: 9 }),
    dir('d', { mode: 0o700, mtimeSec: 33 }),
    packed('d/x'),
    packed('f'),
  ]);
  expect(nodeAt(draft.tree(), 'app')?.entry).toMatchObject({ mode: 0o711, uid: 2 });
  expect(nodeAt(draft.tree(), 'app/d')?.entry).toMatchObject({ mode: 0o700, mtimeSec: 33 });
  expect(nodeAt(draft.tree(), 'app/f')?.entry).toMatchObject({ content: { layer: 'archive' } });
});

test('DF-COPY-38 unpack() keeps owners, or gives all to the one named', () => {
  const entries = [dir('n', { uid: 7 }), packed('n/f', { uid: 7, gid: 8, xattrs: { 'user.a': 'YQ==' } })];
  expect(nodeAt(run('/x', entries).tree(), 'x/n/f')?.entry).toMatchObject({ uid: 7, gid: 8, xattrs: { 'user.a': 'YQ==' } });
  const owned = run('/x', entries, { uid: 1, gid: 2 }).tree();
  for (const path of ['x', 'x/n', 'x/n/f']) expect(nodeAt(owned, path)?.entry).toMatchObject({ uid: 1, gid: 2 });
});

test('DF-COPY-38 unpack() keeps hard links and symlinks', () => {
  const draft = run('/x', [packed('f'), hardlink('g', 'f'), link('s', '/anything')]);
  expect(names(draft.finish())).toEqual(['dir x', 'file x/f', 'hardlink x/g -> x/f', 'symlink x/s']);
});

test('the last entry of a name wins, and a file takes the place of a directory', () => {
  const draft = run('/x', [dir('a'), packed('a/deep'), packed('a'), packed('b'), dir('b')]);
  expect(listing(draft.tree()).filter((line) => line.includes(' x'))).toEqual(['dir x', 'file x/a', 'dir x/b']);
});

test.for<[name: string, entries: Entry[], outcome: string[]]>([
  [
    'an absolute symlink leads inside the destination',
    [link('esc', '/etc'), packed('esc/passwd')],
    ['dir x', 'symlink x/esc', 'dir x/etc', 'file x/etc/passwd'],
  ],
  [
    'a climbing symlink stops at the destination',
    [link('esc', '../../../../etc'), packed('esc/passwd')],
    ['dir x', 'symlink x/esc', 'dir x/etc', 'file x/etc/passwd'],
  ],
  ['a file over a symlink does not follow it', [link('esc', '/etc/passwd'), packed('esc')], ['dir x', 'file x/esc']],
])('DF-COPY-39 %s', ([, entries, outcome]) => {
  expect(names(run('/x', entries).finish())).toEqual(outcome);
});

test('DF-COPY-39 a name that climbs out of the destination is refused', () => {
  expect(() => run('/x', [packed('../etc/passwd')])).toThrow(expect.objectContaining({ code: 'LAYER_OUTSIDE_ROOT' }));
  expect(() => run('/x', [hardlink('a', '../etc')])).toThrow(expect.objectContaining({ code: 'LAYER_OUTSIDE_ROOT' }));
  expect(names(run('/', [packed('../../top')]).finish())).toEqual(['file top']);
});

test('a hard link to what the archive does not have is refused', () => {
  expect(() => run('/x', [hardlink('a', 'none')])).toThrow(expect.objectContaining({ code: 'LAYER_BAD_HARDLINK' }));
});

test('DF-COPY-12 the destination is followed inside the root', () => {
  expect(names(run('/l', [packed('n')]).finish())).toEqual(['dir app', 'file app/n']);
});

test.for([undefined, { uid: 5, gid: 6 }])(
  'ADD keeps the capabilities of a program with two names, also when it gives it an owner',
  (owner) => {
    const xattrs = { 'security.capability': 'AQAAAgAEAAAAAAAAAAAAAAAAAAA=' };
    const draft = run('/new', [packed('server', { xattrs }), hardlink('z', 'server')], owner);
    expect(draft.finish()).toMatchObject([
      { path: 'new' },
      { type: 'file', path: 'new/server', uid: owner?.uid ?? 0, xattrs },
      { type: 'hardlink', path: 'new/z', target: 'new/server' },
    ]);
  },
);
