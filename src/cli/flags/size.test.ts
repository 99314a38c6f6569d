import { expect, test } from 'vitest';
import { parseSize } from './size.ts';

test.for([
  ['0', 0],
  ['1234', 1234],
  ['10kB', 10_000],
  ['1.5GB', 1_500_000_000],
  ['2 TB', 2e12],
  ['1k', 1024],
  ['1m', 1_048_576],
  ['3GiB', 3 * 1024 ** 3],
] as const)('parseSize() reads %s', ([text, sizeBytes]) => {
  expect(parseSize(text, '--keep-storage')).toBe(sizeBytes);
});

test.for(['', 'GB', '-1', '10XB', '1e3', 'ten'])('parseSize() refuses `%s` and names the flag', (text) => {
  expect(() => parseSize(text, '--cache-limit')).toThrow(
    expect.objectContaining({ code: 'CLI_BAD_FLAG_VALUE', message: expect.stringContaining('--cache-limit') }),
  );
});
