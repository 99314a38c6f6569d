import { expect, test } from 'vitest';
import { digestOf } from '../oci/index.ts';
import { buildTree } from './build-tree.ts';
import { treeDigest } from './content-digest.ts';
import { copy } from './copy.ts';
import { diffTrees } from './diff.ts';
import { createDraft } from './draft.ts';
import type { FileEntry } from './entry.ts';
import { copyAction, dir, file, hardlink, layer, link, names, treeOf, whiteout } from './samples.ts';
import { emptyTree } from './tree.ts';

const low = layer('low', dir('a'), file('a/x'), file('a/y'), dir('b'), file('b/z'), link('l', 'a'));
const lower = buildTree([low]);

test('diffTrees() of a tree and itself is empty', () => {
  expect(diffTrees(lower, lower)).toEqual([]);
  expect(diffTrees(lower, buildTree([low]))).toEqual([]);
});

test('diffTrees() from nothing is all, in index order, without the root', () => {
  expect(names(diffTrees(emptyTree, lower))).toEqual(['dir a', 'file a/x', 'file a/y', 'dir b', 'file b/z', 'symlink l']);
});

test('IMG-08 IMG-12 diffTrees() writes changes with their parents, and whiteouts in order', () => {
  const upper = buildTree([low, layer('top', dir('a'), whiteout('a/x'), file('a/w'), whiteout('b'), dir('c'))]);
  expect(names(diffTrees(lower, upper))).toEqual(['dir a', 'file a/w', 'whiteout a/x', 'whiteout b', 'dir c']);
});

test('IMG-12 a changed mode brings the whole file, with its content', () => {
  const upper = buildTree([low, layer('top', file('a/x', 'a/x', { mode: 0o600 }))]);
  expect(diffTrees(lower, upper)).toMatchObject([
    { path: 'a' },
    { path: 'a/x', mode: 0o600, content: { layer: 'top', path: 'a/x' } },
  ]);
});

test('IMG-12 a directory replaced by a file, and a file by a directory, need no whiteout', () => {
  const upper = buildTree([low, layer('top', file('a'), dir('b'), dir('b/z'), file('b/z/deep'))]);
  expect(names(diffTrees(lower, upper))).toEqual(['file a', 'dir b', 'dir b/z', 'file b/z/deep']);
});

test('IMG-12 a directory that differs in nothing but its time is not written', () => {
  expect(diffTrees(lower, buildTree([low, layer('top', dir('a', { mtimeSec: 5 }))]))).toEqual([]);
  expect(names(diffTrees(lower, buildTree([low, layer('top', dir('a', { mode: 0o700 }))])))).toEqual(['dir a']);
});

test('diffTrees() compares files of other layers by digest, else by asking', () => {
  expect(diffTrees(lower, treeOf('other', ...low.entries))).toEqual([]);
  const { digest: _, ...unhashed } = file('f');
  const [one, two] = [treeOf('1', unhashed), treeOf('2', unhashed)];
  expect(names(diffTrees(one, two))).toEqual(['file f']);
  expect(diffTrees(one, two, { sameContent: () => true })).toEqual([]);
});

test.for<[what: string, copied: FileEntry, written: string[]]>([
  ['its equal', file('x', 'a/x'), []],
  ['other content', file('x', 'a/X'), ['dir a', 'file a/x']],
  ['another time', file('x', 'a/x', { mtimeSec: 5 }), ['dir a', 'file a/x']],
  ['another owner', file('x', 'a/x', { uid: 5 }), ['dir a', 'file a/x']],
])('IMG-12 a copied file is written only if it changes something: over %s', ([, copied, written]) => {
  const draft = createDraft(lower);
  copy(draft, treeOf('other', copied), copyAction('/x', '/a/'), { nowSec: 5 });
  expect(names(draft.finish())).toEqual(written);
});

test('IMG-09 diffTrees() keeps hard links among what it writes', () => {
  const upper = treeOf('up', file('z'), hardlink('a', 'z'), hardlink('m', 'z'));
  expect(names(diffTrees(emptyTree, upper))).toEqual(['file a', 'hardlink m -> a', 'hardlink z -> a']);
});

test('a second name of a file below is written as a file of its own', () => {
  const upper = buildTree([low, layer('top', hardlink('again', 'a/x'))]);
  expect(diffTrees(lower, upper)).toMatchObject([{ type: 'file', path: 'again', content: { layer: 'low', path: 'a/x' } }]);
});

test('diffTrees(), treeDigest() and a copy go down 2,000 levels', () => {
  const deep = treeOf('deep', file(`d${'/d'.repeat(2000)}`));
  expect(diffTrees(emptyTree, deep)).toHaveLength(2001);
  expect(diffTrees(deep, emptyTree)).toEqual([whiteout('d')]);
  expect(treeDigest(deep.root, (node) => node.entry.digest ?? digestOf(''))).toMatch(/^sha256:/);
  const draft = createDraft(emptyTree);
  copy(draft, deep, copyAction('/d', '/e'), { nowSec: 1 });
  expect(draft.finish()).toHaveLength(2001);
});
