import { expect, test } from 'vitest';
import { compileGlob, hasWildcard, isGlob } from './glob.ts';

test.for<[pattern: string, name: string, isMatch: boolean]>([
  ['*.txt', 'a.txt', true],
  ['*.txt', '.txt', true],
  ['*', '.env', true],
  ['*.txt', 'd/a.txt', false],
  ['d/*/f', 'd/e/f', true],
  ['d/*/f', 'd/e/e/f', false],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a?c', 'aéc', true],
  ['a?c', 'a😀c', true],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['[^a-c]x', 'dx', true],
  ['[^a]', '/', true],
  ['[!a]', '!', true],
  ['[!a]', 'b', false],
  ['[[]0].txt', '[0].txt', true],
  ['[[]0].txt', '0].txt', false],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['[\\]]', ']', true],
  ['[c-a]', 'b', false],
  ['a.b', 'axb', false],
  ['a{1,2}', 'a{1,2}', true],
  ['**', 'a/b', false],
  ['*a*b*', 'xxaxxbxx', true],
  ['[', '[', false],
  ['a\\', 'a\\', false],
])('DF-COPY-06 compileGlob() %s on %s is %s', ([pattern, name, isMatch]) => {
  expect(compileGlob(pattern)(name)).toBe(isMatch);
});

test.for<[pattern: string, isGood: boolean]>([
  ['a*', true],
  ['[a]', true],
  ['[]a]', false],
  ['[]', false],
  ['[a', false],
  ['[-a]', false],
  ['[a-]', false],
  ['[\\', false],
  ['a\\', false],
  ['a]', true],
])('isGlob() judges %s as Go does', ([pattern, isGood]) => {
  expect(isGlob(pattern)).toBe(isGood);
});

test.for<[path: string, has: boolean]>([
  ['a/b', false],
  ['a*', true],
  ['a\\*', false],
  ['a\\\\*', true],
  ['[a]', true],
  ['?', true],
])('DF-COPY-08 hasWildcard() %s is %s', ([path, has]) => {
  expect(hasWildcard(path)).toBe(has);
});
