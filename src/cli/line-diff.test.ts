import { expect, test } from 'vitest';
import { lineDiff } from './line-diff.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));

test('lineDiff() of equal texts is empty', () => {
  expect(lineDiff('a\nb\n', 'a\nb\n', 'f')).toBe('');
});

test('lineDiff() shows three lines around a change, and separate hunks for changes far apart', () => {
  const before = numbers(20);
  const after = before.with(1, 'two').with(17, 'eighteen');
  expect(lineDiff(before.join('\n'), after.join('\n'), 'f')).toBe(
    '--- f\n+++ f\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -15,6 +15,6 @@\n 15\n 16\n 17\n-18\n+eighteen\n 19\n 20\n',
  );
});

test('lineDiff() counts lines that were added and removed', () => {
  expect(lineDiff('a\nb\nc', 'a\nx\ny\nc', 'f')).toBe('--- f\n+++ f\n@@ -1,3 +1,4 @@\n a\n-b\n+x\n+y\n c\n');
  expect(lineDiff('a', 'a\nb', 'f')).toBe('--- f\n+++ f\n@@ -1,1 +1,2 @@\n a\n+b\n');
});
