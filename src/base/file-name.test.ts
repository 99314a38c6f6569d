import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFileName, encodeFileName, hasRawBytes } from './file-name.ts';

test('encodeFileName() gives back the bytes that decodeFileName() took, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect([...encodeFileName(decodeFileName(bytes))]).toEqual([...bytes]);
    }),
    { numRuns: 1000 },
  );
});

test('decodeFileName() keeps UTF-8 as text', () => {
  expect(decodeFileName(Buffer.from('naïve-😀'))).toBe('naïve-😀');
  expect(hasRawBytes('naïve-😀')).toBe(false);
});

test('decodeFileName() keeps bytes that are not UTF-8 apart', () => {
  const one = decodeFileName(Buffer.from([0x61, 0xff]));
  const two = decodeFileName(Buffer.from([0x61, 0xfe]));
  expect(one).not.toBe(two);
  expect(hasRawBytes(one)).toBe(true);
});
