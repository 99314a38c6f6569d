import { expect, test } from 'vitest';
import { readAtMost } from './read-at-most.ts';

/** Gives `bytes` in pieces of `size`, and counts how often it is asked. */
function reader(bytes: Uint8Array, size: number): { read: (buffer: Uint8Array) => number; asked: number } {
  let at = 0;
  const made = {
    asked: 0,
    read(buffer: Uint8Array): number {
      made.asked += 1;
      const piece = bytes.subarray(at, at + Math.min(size, buffer.length));
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
  };
  return made;
}

test.for([1, 3, 1 << 20])('readAtMost() joins pieces of %i bytes', (size) => {
  const bytes = Buffer.from('a Dockerfile, more or less');
  expect(readAtMost(reader(bytes, size).read, bytes.length)).toEqual(bytes);
  expect(readAtMost(reader(bytes, size).read, bytes.length - 1)).toBeUndefined();
});

test('readAtMost() gives up on what has no end', () => {
  const endless = { asked: 0 };
  const read = (buffer: Uint8Array): number => {
    endless.asked += 1;
    return buffer.fill(1).length;
  };
  expect(readAtMost(read, 1 << 20)).toBeUndefined();
  expect(endless.asked).toBeLessThan(100);
});
