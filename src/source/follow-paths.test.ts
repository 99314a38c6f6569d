import { expect, test } from 'vitest';
import { followPaths } from './follow-paths.ts';

test.for<[paths: string[], path: string, mayHold: boolean]>([
  [['src'], 'src', true],
  [['src'], 'src/a/b', true],
  [['src'], 'srcs', false],
  [['src'], 'other', false],
  [['a/b/c'], 'a', true],
  [['a/b/c'], 'a/b', true],
  [['a/b/c'], 'a/x', false],
  [['a/*.txt'], 'a/x.txt', true],
  [['a/*.txt'], 'a/x', true],
  [['a/*.txt'], 'b', false],
  [['*.txt'], 'anything/at/all', true],
  [['a', 'b'], 'b/x', true],
  [['./a//b/'], 'a/b', true],
  [['/'], 'x', true],
  [['link/x'], 'elsewhere', true],
  [['a/link'], 'elsewhere', true],
  [['a/*/link'], 'elsewhere', false],
])('followPaths() of %j: may %s be asked for? %s', ([paths, path, mayHold]) => {
  const isLink = (each: string): boolean => each === 'link' || each === 'a/link';
  expect(followPaths(paths, isLink).mayHold(path)).toBe(mayHold);
});

test('followPaths() knows which links a pattern would follow', () => {
  const { mayLeadAway } = followPaths(['a/*.txt', 'b/c'], () => false);
  expect(['a/x.txt', 'a/x', 'a/d/x.txt', 'b/c', 'x.txt'].filter((path) => mayLeadAway(path))).toEqual(['a/x.txt']);
});
