import { expect, test } from 'vitest';
import { compileCopyFilter } from './copy-walk.ts';
import { copySourceDigest, filesOfCopy } from './copy-digest.ts';
import type { CopyAction } from './copy.ts';
import type { Entry } from './entry.ts';
import { copyAction, dir, file, hardlink, knownDigest, link, treeOf } from './samples.ts';

const entries: readonly Entry[] = [
  dir('d'),
  file('d/a.txt', 'A'),
  dir('d/s'),
  file('d/s/b.js', 'B'),
  file('other', 'O'),
  link('l', 'd'),
];

function key(action: CopyAction, ...changed: readonly Entry[]): string {
  const byPath = new Map([...entries, ...changed].map((entry) => [entry.path, entry]));
  return copySourceDigest(treeOf('x', ...byPath.values()), action, knownDigest);
}

const whole = copyAction('/d', '/x');
const glob = copyAction('/d/*.txt', '/x/');
const one = copyAction('/d/a.txt', '/x');
const excluding = copyAction('/d', '/x', { excludePatterns: ['**/*.js'] });
const including = copyAction('/', '/x', { includePatterns: ['d/*.txt'] });

test.for<[name: string, action: CopyAction, change: Entry]>([
  ['SEM-08 a touched file', whole, file('d/a.txt', 'A', { mtimeSec: 9 })],
  ['SEM-08 a touched directory', whole, dir('d/s', { mtimeSec: 9 })],
  ['SEM-10 a new file beside the directory', whole, file('new')],
  ['SEM-10 a changed file outside', whole, file('other', 'P')],
  ['SEM-10 a file that the wildcard does not match', glob, file('d/z.js')],
  ['the copied directory’s own mode', whole, dir('d', { mode: 0o700 })],
  ['DF-COPY-33 an excluded file', excluding, file('d/s/b.js', 'C')],
  ['a new excluded file', excluding, file('d/s/c.js')],
  ['a file that is not included', including, file('d/s/b.js', 'C')],
])('copySourceDigest() is not changed by %s', ([, action, change]) => {
  expect(key(action, change)).toBe(key(action));
});

test.for<[name: string, action: CopyAction, change: Entry]>([
  ['SEM-09 other content', whole, file('d/s/b.js', 'C')],
  ['SEM-09 another mode', whole, file('d/a.txt', 'A', { mode: 0o600 })],
  ['SEM-09 another mode of a nested directory', whole, dir('d/s', { mode: 0o700 })],
  ['another owner', whole, file('d/a.txt', 'A', { uid: 1 })],
  ['a new file', whole, file('d/new', '')],
  ['a new empty directory', whole, dir('d/new')],
  ['a file that the wildcard matches', glob, file('d/b.txt')],
  ['other content of the one file', one, file('d/a.txt', 'B')],
  ['DF-COPY-33 a file that is not excluded', excluding, file('d/a.txt', 'B')],
  ['a parent on the way to an included file', including, dir('d', { mode: 0o700 })],
])('copySourceDigest() is changed by %s', ([, action, change]) => {
  expect(key(action, change)).not.toBe(key(action));
});

test('SEM-09 a renamed file changes the key of a file and of a wildcard, a renamed directory does not', () => {
  const tree = treeOf('x', file('a.txt', 'A'), file('b.txt', 'A'), dir('d'), file('d/f', 'F'), dir('e'), file('e/f', 'F'));
  const digest = (src: string): string => copySourceDigest(tree, copyAction(src, '/x/'), knownDigest);
  expect(digest('/a.txt')).not.toBe(digest('/b.txt'));
  expect(digest('/a*')).not.toBe(digest('/b*'));
  expect(digest('/d')).toBe(digest('/e'));
});

test('copySourceDigest() of a symlink is that of what it leads to', () => {
  expect(key(copyAction('/l', '/x'))).toBe(key(whole));
});

test('copySourceDigest() of no match differs from that of an empty directory', () => {
  const tree = treeOf('x', dir('d'));
  const digest = (src: string): string => copySourceDigest(tree, copyAction(src, '/x/'), knownDigest);
  expect(digest('/*.none')).not.toBe(digest('/d'));
});

test('a missing source is an error', () => {
  expect(() => key(copyAction('/none', '/x'))).toThrow(expect.objectContaining({ code: 'LAYER_NOT_FOUND' }));
});

test.for<[name: string, action: CopyAction, paths: string[]]>([
  ['a directory', whole, ['d/a.txt', 'd/h', 'd/s/b.js']],
  ['a file', one, ['d/a.txt']],
  ['a wildcard', glob, ['d/a.txt']],
  ['excludes', excluding, ['d/a.txt', 'd/h']],
  ['includes', including, ['d/a.txt']],
])('filesOfCopy() lists just the files that copySourceDigest() asks for: %s', ([, action, paths]) => {
  const tree = treeOf('x', ...entries, file('d/h'), hardlink('d/s/again', 'd/h'));
  const asked = new Set<string>();
  copySourceDigest(tree, action, (node) => {
    asked.add(node.entry.path);
    return knownDigest(node);
  });
  const listed = [...filesOfCopy(tree, action)].map((node) => node.entry.path);
  expect(listed).toEqual(paths);
  expect([...asked].sort()).toEqual([...listed].sort());
});

test('a bad exclude pattern is an error', () => {
  expect(() => compileCopyFilter([], ['['])).toThrow(expect.objectContaining({ code: 'PATTERN_SYNTAX' }));
});
