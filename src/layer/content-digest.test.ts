import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTree } from './build-tree.ts';
import { type DigestMemo, layerContentDigest, selectionDigest, treeDigest } from './content-digest.ts';
import type { Entry, FileEntry } from './entry.ts';
import { dir, file, hardlink, knownDigest, layer, link, treeOf, whiteout } from './samples.ts';
import { walkTree } from './tree.ts';

function digest(...entries: readonly Entry[]): string {
  return treeDigest(treeOf('x', ...entries).root, knownDigest);
}

const name = fc.constantFrom('a', 'b', 'aa', '1', '1:a', 'é');
const someFile = fc
  .record({ name, text: fc.constantFrom('', 'a', 'b'), mode: fc.constantFrom(0o644, 0o755), mtimeSec: fc.nat(9), uid: fc.nat(2) })
  .map(({ name: path, text, ...meta }) => file(path, text, meta));
const someFiles = fc.uniqueArray(someFile, { selector: (entry) => entry.path, maxLength: 5 });

test('SEM-08 treeDigest() ignores times', () => {
  fc.assert(
    fc.property(someFiles, (entries) => {
      expect(digest(...entries.map((entry) => ({ ...entry, mtimeSec: 5 })))).toBe(digest(...entries));
    }),
  );
});

test('treeDigest() does not depend on the order in which layers brought the entries', () => {
  fc.assert(
    fc.property(someFiles, (entries) => {
      const stacked = buildTree([...entries].reverse().map((entry, at) => layer(`l${at}`, entry)));
      expect(treeDigest(stacked.root, knownDigest)).toBe(digest(...entries));
    }),
  );
});

test('treeDigest() differs exactly where the trees differ in more than times', () => {
  const essence = (entries: readonly FileEntry[]): string =>
    JSON.stringify(entries.map((entry) => ({ ...entry, mtimeSec: 0 })).sort((a, b) => (a.path < b.path ? -1 : 1)));
  fc.assert(
    fc.property(someFiles, someFiles, (a, b) => {
      expect(digest(...a) === digest(...b)).toBe(essence(a) === essence(b));
    }),
    { numRuns: 500 },
  );
});

test.for<[name: string, a: Entry[], b: Entry[]]>([
  ['a name moved into its neighbour', [file('ab', ''), file('c', '')], [file('a', ''), file('bc', '')]],
  ['a file moved into a directory', [dir('d'), file('f', '')], [dir('d'), file('d/f', '')]],
  ['link targets', [link('l', 'a')], [link('l', 'b')]],
  ['a link and a file', [link('l', 'a')], [file('l', 'a', { mode: 0o777 })]],
  ['a user xattr', [file('f')], [file('f', 'f', { xattrs: { 'user.x': 'YQ==' } })]],
  ['a capability', [file('f')], [file('f', 'f', { xattrs: { 'security.capability': 'YQ==' } })]],
  ['setuid', [file('f')], [file('f', 'f', { mode: 0o4644 })]],
  ['names that are not UTF-8', [file('\u{dcff}', '')], [file('\u{dcfe}', '')]],
])('treeDigest() sees a difference in %s', ([, a, b]) => {
  expect(digest(...a)).not.toBe(digest(...b));
});

test.for<[name: string, a: Entry[], b: Entry[]]>([
  ['an SELinux label', [file('f')], [file('f', 'f', { xattrs: { 'security.selinux': 'YQ==' } })]],
  ['the mode of a symlink', [link('l', 'a')], [link('l', 'a', { mode: 0o755 })]],
  ['hard link or copy', [file('a', 'x'), hardlink('b', 'a')], [file('a', 'x'), file('b', 'x')]],
])('treeDigest() does not see %s', ([, a, b]) => {
  expect(digest(...a)).toBe(digest(...b));
});

test('treeDigest() asks a memo before it hashes a directory again', () => {
  const tree = treeOf('x', dir('d'), file('d/f'));
  const memo: DigestMemo = new WeakMap();
  const first = treeDigest(tree.root, knownDigest, memo);
  const again = treeDigest(
    tree.root,
    () => {
      throw new Error('asked again');
    },
    memo,
  );
  expect(again).toBe(first);
});

test('selectionDigest() counts paths and each entry alone', () => {
  const all = [...walkTree(treeOf('x', dir('d'), file('d/f'), file('g')).root)];
  const digestOfAll = selectionDigest(all, knownDigest);
  expect(selectionDigest(all.slice(0, 2), knownDigest)).not.toBe(digestOfAll);
  expect(
    selectionDigest(
      all.map((item) => ({ ...item, path: `x${item.path}` })),
      knownDigest,
    ),
  ).not.toBe(digestOfAll);
});

test('layerContentDigest() counts whiteouts, hard links and opaque directories, but no times', () => {
  const known = (entry: FileEntry): ReturnType<typeof knownDigest> => entry.digest as ReturnType<typeof knownDigest>;
  const of = (...entries: readonly Entry[]): string => layerContentDigest(entries, known);
  expect(of(file('a', 'x', { mtimeSec: 1 }))).toBe(of(file('a', 'x', { mtimeSec: 2 })));
  const digests = [
    of(),
    of(whiteout('a')),
    of(whiteout('b')),
    of(file('a', '')),
    of(hardlink('a', 'b')),
    of(hardlink('a', 'c')),
    of(dir('a')),
    of(dir('a', { opaque: true })),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});
