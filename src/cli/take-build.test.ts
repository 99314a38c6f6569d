import { expect, test } from 'vitest';
import { takeBuild } from './take-build.ts';

test.for([
  [[], undefined, undefined],
  [['^1'], '^1', undefined],
  [['0mwrs2e'], '0mwrs2e', undefined],
  [['3'], undefined, '3'],
  [['build', '3/5'], undefined, 'build 3/5'],
  [['^0', 'RUN', 'npm', 'ci'], '^0', 'RUN npm ci'],
  [['RUN npm ci'], undefined, 'RUN npm ci'],
] as const)('takeBuild() reads %j', ([words, ref, step]) => {
  expect(takeBuild(words)).toEqual({ ref: ref === undefined ? {} : { ref }, step: step === undefined ? {} : { step } });
});
