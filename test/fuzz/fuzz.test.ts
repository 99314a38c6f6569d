import { expect, test } from 'vitest';
import { tryOne } from './fuzz.ts';
import { fuzzTargets } from './targets.ts';

// The short form of `npm run campaign -- fuzz`.

test('there is much to read', () => expect(fuzzTargets.length).toBeGreaterThan(14));

test.for(fuzzTargets)('of 60 damaged $name each is read, or refused with a SlipwayError', async (target) => {
  for (let seed = 1; seed <= 60; seed++) expect(await tryOne(target, seed), `seed ${seed}`).toBeUndefined();
});

test('tryOne() tells what is no SlipwayError', async () => {
  const broken = {
    name: 'x',
    samples: [Buffer.from('x')],
    read: () => {
      throw new TypeError('ours');
    },
  };
  expect(await tryOne(broken, 1)).toMatchObject({ message: 'ours' });
});
