import { expect, test } from 'vitest';
import { parseDockerfile } from '../dockerfile/index.ts';
import { nearBuildArgs } from './near-build-args.ts';

const { file } = parseDockerfile('ARG BASE=alpine\nFROM $BASE\nARG VERSION\nARG MODE=a\nONBUILD ARG LATER');

test.for([
  ['VERISON', 'no ARG takes the build argument `VERISON`: did you mean `VERSION`?'],
  ['version', 'no ARG takes the build argument `version`: did you mean `VERSION`?'],
  ['LATTER', 'no ARG takes the build argument `LATTER`: did you mean `LATER`?'],
] as const)('nearBuildArgs() says what %s may have meant', ([name, said]) => {
  expect(nearBuildArgs(file, { [name]: '1' })).toEqual([said]);
});

test('nearBuildArgs() is quiet about names that are declared, and about those that are like none', () => {
  expect(nearBuildArgs(file, { VERSION: '1', BASE: 'x', LATER: 'y', HTTP_PROXY: 'z', SOURCE_DATE_EPOCH: '0', MO: '1' })).toEqual(
    [],
  );
});
