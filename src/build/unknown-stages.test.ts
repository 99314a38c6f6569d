import { expect, test } from 'vitest';
import { parseDockerfile } from '../dockerfile/index.ts';
import { unknownStages } from './unknown-stages.ts';

const { file } = parseDockerfile('FROM alpine AS Build\nFROM alpine AS test\nFROM build');

test('unknownStages() names what no stage is called, and what may have been meant', () => {
  expect(unknownStages(file, ['tset', 'elsewhere'])).toEqual([
    '--no-cache-filter: there is no stage `tset`; did you mean `test`?',
    '--no-cache-filter: there is no stage `elsewhere`',
  ]);
});

test('unknownStages() knows stages in any letter case, and those without a name', () => {
  expect(unknownStages(file, ['BUILD', 'test', 'stage-2', '2'])).toEqual([]);
});
