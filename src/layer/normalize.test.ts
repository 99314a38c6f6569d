import { expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { expandOpaque, normalizeLayer, type OpaqueMarker } from './normalize.ts';
import { dir, file, hardlink, link, names, treeOf, whiteout } from './samples.ts';

const opaque = (path: string): OpaqueMarker => ({ type: 'opaque', path });

test.for<[name: string, items: (Entry | OpaqueMarker)[], result: string[]]>([
  ['sorts', [file('b'), file('a.b'), file('a/x'), dir('a')], ['dir a', 'file a/x', 'file a.b', 'file b']],
  ['the last of a name wins', [file('a', '1'), link('a', 'x')], ['symlink a']],
  ['a file takes the place of a directory and what was in it', [dir('a'), file('a/x'), file('a')], ['file a']],
  ['IMG-08 a whiteout stays', [whiteout('a/x')], ['whiteout a/x']],
  ['IMG-08 a whiteout beside a file of the name is nothing, before it', [whiteout('a'), file('a')], ['file a']],
  ['IMG-08 a whiteout beside a file of the name is nothing, after it', [file('a'), whiteout('a')], ['file a']],
  ['IMG-08 a whiteout below another is nothing', [whiteout('a'), whiteout('a/x/y')], ['whiteout a']],
  ['IMG-08 a whiteout in an opaque directory is nothing', [dir('a'), opaque('a'), whiteout('a/x')], ['dir a']],
  [
    'names through a symlink of the layer move to its target',
    [link('lib', 'usr/lib'), file('lib/x')],
    ['symlink lib', 'file usr/lib/x'],
  ],
  [
    'names through an absolute symlink stay inside',
    [link('a/esc', '/../../etc'), file('a/esc/passwd')],
    ['symlink a/esc', 'file etc/passwd'],
  ],
  [
    'links to links name the file',
    [file('z'), hardlink('y', 'z'), hardlink('x', 'y')],
    ['hardlink x -> z', 'hardlink y -> z', 'file z'],
  ],
  ['what a tar says of the root counts for nothing', [dir('', { mode: 0o700, uid: 7 }), file('a')], ['file a']],
])('normalizeLayer() %s', ([, items, result]) => {
  expect(names(normalizeLayer(items))).toEqual(result);
});

test.for<[name: string, items: (Entry | OpaqueMarker)[]]>([
  ['a marker before the directory', [opaque('a'), dir('a', { mode: 0o700 })]],
  ['a marker after the directory', [dir('a', { mode: 0o700 }), opaque('a')]],
  ['a whiteout beside the directory', [whiteout('a'), dir('a', { mode: 0o700 })]],
])('IMG-08 normalizeLayer() makes an opaque directory of %s', ([, items]) => {
  expect(normalizeLayer(items)).toMatchObject([{ type: 'dir', path: 'a', mode: 0o700, opaque: true }]);
});

test('IMG-08 a marker in the root hides all below, and the root is 0755', () => {
  expect(normalizeLayer([dir('', { mode: 0o700, uid: 7 }), opaque('')])).toMatchObject([
    { type: 'dir', path: '', mode: 0o755, uid: 0, opaque: true },
  ]);
});

test('IMG-08 a marker or whiteout without a directory entry makes one, where something is below', () => {
  expect(normalizeLayer([opaque('a')])).toMatchObject([{ type: 'dir', path: 'a', mode: 0o755, opaque: true }]);
  expect(normalizeLayer([whiteout('a'), file('a/x')])).toMatchObject([{ path: 'a', opaque: true }, { path: 'a/x' }]);
});

test.for<[name: string, items: Entry[], code: string]>([
  ['an entry below a file', [file('a'), file('a/x')], 'LAYER_BAD_PATH'],
  ['a path beyond the limit', [file('a/'.repeat(2048) + 'x')], 'LAYER_BAD_PATH'],
  ['a loop of symlinks', [link('a', 'b'), link('b', 'a'), file('a/x')], 'LAYER_SYMLINK_LOOP'],
  ['a symlink to below itself', [link('a', 'a/b'), file('a/x')], 'LAYER_SYMLINK_LOOP'],
])('normalizeLayer() refuses %s', ([, items, code]) => {
  expect(() => normalizeLayer(items)).toThrow(expect.objectContaining({ code }));
});

test('IMG-08 expandOpaque() writes one whiteout for each name below', () => {
  const lower = treeOf('low', dir('a'), file('a/x'), dir('a/d'), file('a/d/deep'), file('a/kept'), file('b'));
  const entries = expandOpaque([dir('a', { opaque: true }), file('a/kept'), file('a/new')], lower);
  expect(names(entries)).toEqual(['dir a', 'whiteout a/d', 'file a/kept', 'file a/new', 'whiteout a/x']);
  expect(entries[0]).not.toHaveProperty('opaque');
});
