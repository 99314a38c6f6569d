import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFileName, encodeFileName } from '../base/index.ts';
import { baseOf, comparePaths, joinPath, parentOf, sortEntries } from './path-order.ts';

test.for<[smaller: string, larger: string]>([
  ['a', 'a/b'],
  ['a/z', 'a.b'],
  ['a/z', 'a-b'],
  ['a/b', 'a!'],
  ['A', 'a'],
  ['a', 'b'],
  ['', 'a'],
  ['\u{ffff}', '\u{10000}'],
  ['z', 'é'],
])('comparePaths() puts %j before %j', ([smaller, larger]) => {
  expect(comparePaths(smaller, larger)).toBeLessThan(0);
  expect(comparePaths(larger, smaller)).toBeGreaterThan(0);
});

const bytes = (...values: readonly number[]): string => decodeFileName(Uint8Array.from(values));

test.for<[what: string, name: fc.Arbitrary<string>]>([
  ['text', fc.string({ unit: 'binary', minLength: 1, maxLength: 3 })],
  ['bytes', fc.uint8Array({ minLength: 1, maxLength: 3 }).map((name) => bytes(...name))],
  [
    'bytes that are nearly text',
    fc
      .array(fc.constantFrom('é', '😀', bytes(0xc3), bytes(0xf0, 0x9f), '\uffff'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('')),
  ],
])('comparePaths() is the order of bytes, component by component: %s', ([, any]) => {
  const name = any.filter((text) => !/[/\0]/.test(text));
  const path = fc.array(name, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(path, path, (a, b) => {
      let want = 0;
      for (let at = 0; want === 0 && at < Math.max(a.length, b.length); at++) {
        want = Buffer.compare(encodeFileName(a[at] ?? ''), encodeFileName(b[at] ?? ''));
      }
      expect(Math.sign(comparePaths(a.join('/'), b.join('/')))).toBe(want);
    }),
    { numRuns: 1000 },
  );
});

test('sortEntries() gives back the same array when it is in order', () => {
  const entries = [{ path: 'a' }, { path: 'a/b' }, { path: 'a.b' }];
  expect(sortEntries(entries)).toBe(entries);
  expect(sortEntries([...entries].reverse())).toEqual(entries);
});

test('parentOf(), baseOf() and joinPath() take a path apart and together', () => {
  expect([parentOf('a/b/c'), baseOf('a/b/c'), parentOf('a'), baseOf('a')]).toEqual(['a/b', 'c', '', 'a']);
  expect([joinPath('', 'a'), joinPath('a', 'b')]).toEqual(['a', 'a/b']);
});
