import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replaceFirst, trimPrefix, trimSuffix } from './shell-pattern.ts';

/** All lengths of prefixes of `text` that `pattern` (characters, `*`, `?`) matches, tried one by one. */
function matchingPrefixes(pattern: string, text: string): readonly number[] {
  const matches = (p: number, from: number, to: number): boolean => {
    if (p === pattern.length) return from === to;
    if (pattern[p] === '*') return matches(p + 1, from, to) || (from < to && matches(p, from + 1, to));
    return from < to && (pattern[p] === '?' || pattern[p] === text[from]) && matches(p + 1, from + 1, to);
  };
  return Array.from({ length: text.length + 1 }, (_, end) => end).filter((end) => matches(0, 0, end));
}

const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 7 });
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });

test('trimPrefix() removes the shortest or the longest prefix that matches', () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const ends = matchingPrefixes(pattern, text);
      expect(trimPrefix(text, pattern, false)).toBe(text.slice(ends[0] ?? 0));
      expect(trimPrefix(text, pattern, true)).toBe(text.slice(ends.at(-1) ?? 0));
    }),
    { numRuns: 1000 },
  );
});

test('trimSuffix() is trimPrefix() in a mirror', () => {
  const mirrored = (text: string): string => Array.from(text).reverse().join('');
  fc.assert(
    fc.property(patterns, texts, fc.boolean(), (pattern, text, longest) => {
      expect(trimSuffix(text, pattern, longest)).toBe(mirrored(trimPrefix(mirrored(text), mirrored(pattern), longest)));
    }),
  );
});

test('replaceFirst() takes the leftmost, then the longest match', () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const starts = Array.from({ length: text.length + 1 }, (_, start) => start);
      const start = starts.find((at) => matchingPrefixes(pattern, text.slice(at)).length > 0);
      const length = start === undefined ? 0 : (matchingPrefixes(pattern, text.slice(start)).at(-1) ?? 0);
      const expected = start === undefined ? text : `${text.slice(0, start)}X${text.slice(start + length)}`;
      expect(replaceFirst(text, pattern, 'X')).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test('trimPrefix() does not go exponential over many stars', () => {
  expect(trimPrefix('a'.repeat(2000), '*a'.repeat(200) + 'b', true)).toBe('a'.repeat(2000));
});

test('trimSuffix() keeps characters outside the basic plane whole', () => {
  expect(trimSuffix('x😀', '?', false)).toBe('x');
  expect(trimPrefix('😀x', '?', false)).toBe('x');
});
