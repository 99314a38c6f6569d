import { expect, test } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { type CheckRequest, checkDockerfile, violation } from './check.ts';
import { parseCheckSettings } from './settings.ts';

const names = (text: string, request: CheckRequest = {}): readonly string[] =>
  checkDockerfile(parseDockerfile(text), request).findings.map(({ rule }) => rule);
const bad = 'FROM a AS X\nENV a b\n';

test('parseCheckSettings() reads rules, truths and their order', () => {
  expect(parseCheckSettings('error=true;skip=A,B;experimental=all')).toEqual({
    skip: new Set(['A', 'B']),
    experimental: 'all',
    isError: true,
  });
  expect(parseCheckSettings('skip=all')).toMatchObject({ skip: 'all', isError: false });
});

test.for(['skip', 'foo=bar', 'error=maybe', 'skip=A;b;c;d'])('parseCheckSettings() refuses %s', (text) => {
  expect(() => parseCheckSettings(text)).toThrow(
    expect.objectContaining({ code: 'DF_BAD_CHECK', message: expect.stringMatching(/^failed to parse check options: /) }),
  );
});

test('checkDockerfile() skips what the directive names, by exact name', () => {
  expect(names(bad)).toEqual(['StageNameCasing', 'LegacyKeyValueFormat']);
  expect(names(`# check=skip=StageNameCasing\n${bad}`)).toEqual(['LegacyKeyValueFormat']);
  expect(names(`# check=skip=stagenamecasing\n${bad}`)).toHaveLength(2);
  expect(names(`# check=skip=all\n${bad}`)).toEqual([]);
});

test('checkDockerfile() lets the build arg BUILDKIT_DOCKERFILE_CHECK replace the directive', () => {
  const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=LegacyKeyValueFormat' };
  expect(names(`# check=skip=all\n${bad}`, { buildArgs })).toEqual(['StageNameCasing']);
});

test('checkDockerfile() obeys a comment above an instruction, for that instruction only', () => {
  const text =
    'FROM a\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n# check=skip=LegacyKeyValueFormat,X y\n# words\nENV e f\n';
  expect(checkDockerfile(parseDockerfile(text)).findings.map(({ lines }) => lines.first)).toEqual([4]);
  expect(names('FROM a\n# check=nonsense\nENV a b')).toEqual(['LegacyKeyValueFormat']);
});

test('checkDockerfile() adds the settings of a configuration to those of the file', () => {
  const settings = { skip: new Set(['StageNameCasing']), experimental: new Set<string>(), isError: false };
  expect(names(`# check=skip=LegacyKeyValueFormat\n${bad}`, { settings })).toEqual([]);
});

test('violation() names each rule once, and nothing when nothing was found', () => {
  const { findings, isError } = checkDockerfile(parseDockerfile(`# check=error=true\n${bad}ENV c d`));
  expect(isError).toBe(true);
  expect(violation(findings)).toMatchObject({
    code: 'DF_LINT_VIOLATION',
    message: 'lint violation found for rules: StageNameCasing, LegacyKeyValueFormat',
  });
  expect(violation([])).toBeUndefined();
});

test('checkDockerfile() looks at what is built only when the file can be built', () => {
  const { findings, errors } = checkDockerfile(parseDockerfile('FROM a AS X\nCMD x\nCOPY y'));
  expect(findings.map(({ rule }) => rule)).toEqual(['StageNameCasing']);
  expect(errors).toHaveLength(1);
});
