import { expect, test } from 'vitest';
import { shrink } from './shrink.ts';

test('shrink() leaves the items that are needed, in their order', async () => {
  const all = Array.from({ length: 20 }, (_, item) => item);
  expect(await shrink(all, async (fewer) => [3, 4, 17].every((item) => fewer.includes(item)))).toEqual([3, 4, 17]);
});

test('shrink() leaves nothing when nothing is needed, and everything when all is', async () => {
  expect(await shrink([1, 2, 3], async () => true)).toEqual([]);
  expect(await shrink([1, 2, 3], async (fewer) => fewer.length === 3)).toEqual([1, 2, 3]);
});
