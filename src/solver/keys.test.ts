import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOf } from './keys.ts';
import type { KeyPart } from './ports.ts';

const texts = fc.oneof(
  fc.constantFrom('', '1:', '0:1:a', '\n', '\0', '\udc80', '\udc81', '\ufffd'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const parts = fc.array(fc.record({ name: texts, value: texts }), { maxLength: 3 });

test('keyOf() gives different lists of parts different keys', () => {
  fc.assert(
    fc.property(parts, parts, (one, two) => {
      expect(keyOf('op', one) === keyOf('op', two)).toBe(JSON.stringify(one) === JSON.stringify(two));
    }),
    { numRuns: 2000 },
  );
});

test.for<[one: KeyPart[], two: KeyPart[]]>([
  [[{ name: 'ab', value: 'c' }], [{ name: 'a', value: 'bc' }]],
  [[{ name: 'a', value: '' }], []],
  [
    [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ],
    [
      { name: 'b', value: '2' },
      { name: 'a', value: '1' },
    ],
  ],
  [[{ name: 'a', value: '\udc80' }], [{ name: 'a', value: '\udc81' }]],
])('keyOf() tells %j from %j', ([one, two]) => {
  expect(keyOf('op', one)).not.toBe(keyOf('op', two));
});

test('keyOf() tells the kinds of keys apart', () => {
  expect(new Set([keyOf('op', []), keyOf('definition', []), keyOf('content', [])]).size).toBe(3);
});
