import { expect, test } from 'vitest';
import { buildTree, extendTree } from './build-tree.ts';
import { dir, file, hardlink, layer, link, listing, treeOf, whiteout } from './samples.ts';
import { childrenOf, emptyTree, nodeAt } from './tree.ts';

const base = layer('base', dir('a'), file('a/x'), file('a/y'), dir('b'), file('b/z'), link('l', 'a'));

test('buildTree() of nothing is an empty root', () => {
  expect(buildTree([]).root).toBe(emptyTree.root);
});

test('buildTree() merges directories and keeps whose bytes each file has', () => {
  const tree = buildTree([base, layer('top', dir('a', { mode: 0o700 }), file('a/x', 'new'))]);
  expect(listing(tree)).toEqual(['dir a', 'file a/x', 'file a/y', 'dir b', 'file b/z', 'symlink l -> a']);
  expect(nodeAt(tree, 'a/x')?.origin).toBe('top');
  expect(nodeAt(tree, 'a/y')?.origin).toBe('base');
  expect(nodeAt(tree, 'a')?.entry.mode).toBe(0o700);
});

test('IMG-08 extendTree() removes what a whiteout names, with all below', () => {
  expect(listing(buildTree([base, layer('top', whiteout('a'), whiteout('b/z'), whiteout('missing'))]))).toEqual([
    'dir b',
    'symlink l -> a',
  ]);
});

test('IMG-08 extendTree() hides what is below an opaque directory, but not what the same layer puts there', () => {
  const tree = buildTree([base, layer('top', dir('a', { opaque: true }), file('a/new'))]);
  expect(listing(tree)).toEqual(['dir a', 'file a/new', 'dir b', 'file b/z', 'symlink l -> a']);
  expect(nodeAt(tree, 'a')?.entry).not.toHaveProperty('opaque');
});

test('IMG-12 extendTree() puts a file over a directory and a directory over a file', () => {
  const tree = buildTree([base, layer('top', file('a'), dir('b'), dir('b/z'), file('b/z/deep'))]);
  expect(listing(tree)).toEqual(['file a', 'dir b', 'dir b/z', 'file b/z/deep', 'symlink l -> a']);
});

test('extendTree() gives a missing parent 0755 root, and keeps one that is there', () => {
  const tree = buildTree([layer('base', dir('a', { mode: 0o700 })), layer('top', file('a/x'), file('b/c/x'))]);
  expect(nodeAt(tree, 'a')?.entry.mode).toBe(0o700);
  expect(nodeAt(tree, 'b/c')?.entry).toMatchObject({ type: 'dir', mode: 0o755, uid: 0, gid: 0 });
});

test('extendTree() puts a directory in place of a symlink that an entry leads through', () => {
  expect(listing(buildTree([base, layer('top', file('l/x'))])).slice(-2)).toEqual(['dir l', 'file l/x']);
});

test('IMG-09 hard links are one node, in whatever order they come', () => {
  const tree = treeOf('base', hardlink('a', 'z'), file('z'), hardlink('m', 'a'));
  expect(nodeAt(tree, 'a')).toBe(nodeAt(tree, 'z'));
  expect(nodeAt(tree, 'm')).toBe(nodeAt(tree, 'z'));
});

test('IMG-09 a hard link may name a file of a lower layer', () => {
  const tree = buildTree([base, layer('top', hardlink('again', 'a/x'))]);
  expect(nodeAt(tree, 'again')).toBe(nodeAt(tree, 'a/x'));
  expect(nodeAt(tree, 'again')?.origin).toBe('base');
});

test.for(['nowhere', 'a'])('a hard link to %s is refused', (target) => {
  expect(() => buildTree([base, layer('top', hardlink('h', target))])).toThrow(
    expect.objectContaining({ code: 'LAYER_BAD_HARDLINK' }),
  );
});

test('hard links that name each other are refused', () => {
  expect(() => treeOf('x', hardlink('a', 'b'), hardlink('b', 'a'))).toThrow(
    expect.objectContaining({ code: 'LAYER_BAD_HARDLINK' }),
  );
});

test('extendTree() shares untouched directories and leaves the lower tree as it was', () => {
  const lower = buildTree([base]);
  const before = listing(lower);
  const upper = extendTree(lower, layer('top', file('a/x', 'new'), whiteout('l')));
  expect(nodeAt(upper, 'b')).toBe(nodeAt(lower, 'b'));
  expect(nodeAt(upper, 'a')).not.toBe(nodeAt(lower, 'a'));
  expect(listing(lower)).toEqual(before);
  expect(nodeAt(lower, 'a/x')?.origin).toBe('base');
});

test('childrenOf() is in index order', () => {
  const tree = buildTree([layer('1', file('b'), file('d')), layer('2', file('a'), file('c'), file('B'))]);
  expect(childrenOf(tree.root).map(([name]) => name)).toEqual(['B', 'a', 'b', 'c', 'd']);
});

test('an entry for the root describes it', () => {
  expect(treeOf('1', dir('', { mode: 0o700 }), file('a')).root.entry.mode).toBe(0o700);
});

test('extendTree() hands the owner of the root on to the next layer, and not its mode', () => {
  const changed = treeOf('1', dir('', { mode: 0o711, uid: 5, gid: 6 }), file('a'));
  expect(extendTree(changed, layer('2', file('b'))).root.entry).toMatchObject({ mode: 0o755, uid: 5, gid: 6 });
  expect(changed.root.entry.mode).toBe(0o711);
});
