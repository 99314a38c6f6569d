import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { type CheckRequest, checkDockerfile } from './check.ts';
import type { BaseImage } from './rule.ts';
import { rules } from './rules.ts';

const plain: BaseImage = { env: ['PATH=/usr/bin'], platform: 'linux/amd64' };
const known: CheckRequest = { baseImage: () => plain };

/** What one rule says, each with its line. */
function said(rule: string, text: string, request: CheckRequest = known): readonly string[] {
  return checkDockerfile(parseDockerfile(text), request)
    .findings.filter((finding) => finding.rule === rule)
    .map(({ message, lines }) => `${lines.first}: ${message}`);
}

const undefinedFo = "Usage of undefined variable '$fo' (did you mean $foo?)";
const secret = (what: string): string => `Do not use ARG or ENV instructions for sensitive data (${what})`;
const multiple = (name: string): string =>
  `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`;
const majority = (word: string, casing: string): string =>
  `Command '${word}' should match the case of the command majority (${casing})`;
const json = (name: string): string =>
  `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`;
const redundant = (text: string): string =>
  `Setting platform to predefined ${text} in FROM is redundant as this is the default behavior`;
const mapping = (text: string): string =>
  `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`;

/** Feature, rule, what is wrong, what it says, what is right. */
const cases: readonly (readonly [id: string, rule: string, bad: string, messages: readonly string[], good: string])[] = [
  ['LINT-01', 'StageNameCasing', 'FROM alpine AS Base', ["1: Stage name 'Base' should be lowercase"], 'FROM alpine AS base'],
  ['LINT-02', 'FromAsCasing', 'FROM alpine as b', ["1: 'as' and 'FROM' keywords' casing do not match"], 'from alpine as b'],
  ['LINT-02', 'FromAsCasing', 'from alpine AS b', ["1: 'AS' and 'from' keywords' casing do not match"], 'From alpine As b'],
  ['LINT-03', 'NoEmptyContinuation', 'FROM a\nRUN a && \\\n\n b', ['4: Empty continuation line'], 'FROM a\nRUN a && \\\n# c\n b'],
  ['LINT-04', 'ConsistentInstructionCasing', 'FROM a\nrun x\nRUN x', [`2: ${majority('run', 'uppercase')}`], 'FROM a\nRUN x'],
  ['LINT-04', 'ConsistentInstructionCasing', 'FROM a\nrun x', [`2: ${majority('run', 'uppercase')}`], 'from a\nrun x'],
  ['LINT-04', 'ConsistentInstructionCasing', 'from a\nrun x\nRUN x', [`3: ${majority('RUN', 'lowercase')}`], 'arg A\nFROM a'],
  ['LINT-04', 'ConsistentInstructionCasing', 'FROM a\nRun x', [`2: ${majority('Run', 'uppercase')}`], 'FROM a\nONBUILD run x'],
  [
    'LINT-05',
    'DuplicateStageName',
    'FROM a AS x\nFROM a AS X',
    ['2: Duplicate stage name "x", stage names should be unique'],
    'FROM a AS x\nFROM a AS y',
  ],
  [
    'LINT-06',
    'ReservedStageName',
    'FROM a AS scratch\nFROM a AS Context',
    [
      '1: Stage name should not use the same name as reserved stage "scratch"',
      '2: Stage name should not use the same name as reserved stage "context"',
    ],
    'FROM a AS contexts',
  ],
  ['LINT-07', 'JSONArgsRecommended', 'FROM a\nCMD echo hi', [`2: ${json('CMD')}`], 'FROM a\nCMD ["echo","hi"]'],
  [
    'LINT-07',
    'JSONArgsRecommended',
    'FROM a\nENTRYPOINT x',
    [`2: ${json('ENTRYPOINT')}`],
    'FROM a\nSHELL ["/bin/bash","-c"]\nCMD echo hi',
  ],
  [
    'LINT-08',
    'MaintainerDeprecated',
    'FROM a\nMAINTAINER me',
    ['2: Maintainer instruction is deprecated in favor of using label'],
    'FROM a\nLABEL org.opencontainers.image.authors=me',
  ],
  [
    'LINT-09',
    'UndefinedArgInFrom',
    'ARG VERSION=1\nFROM alpine:${VERSON}',
    ["2: FROM argument 'VERSON' is not declared (did you mean VERSION?)"],
    'ARG VERSION=1\nFROM --platform=$BUILDPLATFORM alpine:${VERSION}',
  ],
  [
    'LINT-09',
    'UndefinedArgInFrom',
    'FROM ${FAR:-alpine}',
    ["1: FROM argument 'FAR' is not declared"],
    'ARG FAR\nFROM ${FAR:-alpine}',
  ],
  [
    'LINT-10',
    'WorkdirRelativePath',
    'FROM a\nWORKDIR app\nWORKDIR b',
    ['2: Relative workdir "app" can have unexpected results if the base image changes'],
    'FROM a AS b\nWORKDIR /\nFROM b\nWORKDIR app',
  ],
  ['LINT-11', 'UndefinedVar', 'FROM a\nARG foo\nARG foo=x\nCOPY $fo .', [`4: ${undefinedFo}`], 'FROM a\nARG fo\nCOPY ${fo:-a} .'],
  ['LINT-11', 'UndefinedVar', 'FROM a\nCOPY ${x:-y} .', ["2: Usage of undefined variable '$x'"], 'FROM a\nRUN echo $x'],
  [
    'LINT-12',
    'MultipleInstructionsDisallowed',
    'FROM a\nCMD ["a"]\nCMD ["b"]',
    [`2: ${multiple('CMD')}`],
    'FROM a AS b\nCMD ["a"]\nFROM b\nCMD ["b"]',
  ],
  [
    'LINT-12',
    'MultipleInstructionsDisallowed',
    'FROM a\nHEALTHCHECK CMD a\nHEALTHCHECK NONE',
    [`2: ${multiple('HEALTHCHECK')}`],
    'FROM a\nHEALTHCHECK NONE',
  ],
  [
    'LINT-13',
    'LegacyKeyValueFormat',
    'FROM a\nENV A b\nLABEL c d',
    [
      '2: "ENV key=value" should be used instead of legacy "ENV key value" format',
      '3: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
    ],
    'FROM a\nENV A=b\nLABEL c=d',
  ],
  ['LINT-15', 'RedundantTargetPlatform', 'FROM --platform=$TARGETPLATFORM a', [`1: ${redundant('$TARGETPLATFORM')}`], 'FROM a'],
  [
    'LINT-15',
    'RedundantTargetPlatform',
    'FROM --platform=${TARGETPLATFORM} a',
    [`1: ${redundant('${TARGETPLATFORM}')}`],
    'FROM --platform=$BUILDPLATFORM a',
  ],
  [
    'LINT-16',
    'SecretsUsedInArgOrEnv',
    'FROM a\nARG AWS_SECRET_ACCESS_KEY\nENV TOKEN=x',
    [`2: ${secret('ARG "AWS_SECRET_ACCESS_KEY"')}`, `3: ${secret('ENV "TOKEN"')}`],
    'FROM a\nENV PUBLIC_KEY=x PASSWORD_FILE=/x MONKEY=x KEY_VERSION=1',
  ],
  [
    'LINT-17',
    'InvalidDefaultArgInFrom',
    'ARG TAG\nFROM busybox:${TAG}',
    ['2: Default value for ARG busybox:${TAG} results in empty or invalid base image name'],
    'ARG TAG=latest\nFROM busybox:${TAG}\nFROM busybox:${TAG:-latest}',
  ],
  [
    'LINT-18',
    'FromPlatformFlagConstDisallowed',
    'FROM --platform=linux/amd64 a AS b',
    ['1: FROM --platform flag should not use constant value "linux/amd64"'],
    'FROM --platform=linux/amd64 a AS build_amd64\nFROM --platform=$BUILDPLATFORM a',
  ],
  [
    'LINT-21',
    'ExposeProtoCasing',
    'FROM a\nEXPOSE 80/TcP',
    ["2: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase"],
    'FROM a\nEXPOSE 80/tcp',
  ],
  [
    'LINT-22',
    'ExposeInvalidFormat',
    'FROM a\nEXPOSE 127.0.0.1:80:80 81:81',
    [`2: ${mapping('127.0.0.1:80:80')}`, `2: ${mapping('81:81')}`],
    'FROM a\nEXPOSE 80',
  ],
];

test.for(cases)('%s %s warns of %j, and keeps silent otherwise', ([, rule, bad, messages, good]) => {
  expect(said(rule, bad)).toEqual(messages);
  expect(said(rule, good)).toEqual([]);
});

test('LINT-07 JSONArgsRecommended keeps silent when the base image has a shell of its own', () => {
  expect(said('JSONArgsRecommended', 'FROM a\nCMD hi', { baseImage: () => ({ env: [], shell: ['/bin/bash', '-c'] }) })).toEqual(
    [],
  );
});

test('LINT-11 UndefinedVar knows the variables of base images, and where it does not, speaks of slips only', () => {
  const text = 'FROM a\nARG VERSION=1\nENV A=$FROM_BASE B=$VERSON C=$VERSION';
  const slip = "3: Usage of undefined variable '$VERSON' (did you mean $VERSION?)";
  expect(said('UndefinedVar', text, { baseImage: () => ({ env: ['FROM_BASE=1'] }) })).toEqual([slip]);
  expect(said('UndefinedVar', text)).toEqual(["3: Usage of undefined variable '$FROM_BASE'", slip]);
  expect(said('UndefinedVar', text, {})).toEqual([slip]);
});

test('LINT-14 InvalidBaseImagePlatform compares the base image with what was asked for, but for the variant', () => {
  const request = (platform: string, wanted: string): CheckRequest => ({
    platform: wanted,
    baseImage: () => ({ env: [], platform }),
  });
  const message = '1: Base image x was pulled with platform "linux/arm64", expected "linux/amd64" for current build';
  expect(said('InvalidBaseImagePlatform', 'FROM x', request('linux/arm64', 'linux/amd64'))).toEqual([message]);
  expect(said('InvalidBaseImagePlatform', 'FROM x', request('linux/arm/v7', 'linux/arm/v6'))).toEqual([]);
  expect(said('InvalidBaseImagePlatform', 'FROM x', {})).toEqual([]);
});

describe('LINT-19 CopyIgnoredFile', () => {
  const message = 'Attempting to Copy file "a.log" that is excluded by .dockerignore';
  test.for<[text: string, ignoreFile: string, messages: readonly string[]]>([
    ['COPY a.log .', '*.log', [`2: ${message}`]],
    ['ADD a.log .', '*.log', ['2: Attempting to Add file "a.log" that is excluded by .dockerignore']],
    ['COPY a.log .', '*.log\n!a.log', []],
    ['COPY . .', '*.log', []],
    ['COPY . .', '*', ['2: Attempting to Copy file "." that is excluded by .dockerignore']],
    ['COPY --from=x a.log .', '*.log', []],
    ['ADD https://example.test/a.log .', '**', []],
    ['COPY <<a.log .\na.log', '*.log', []],
  ])('looks at %j under %j', ([text, ignoreFile, messages]) => {
    expect(said('CopyIgnoredFile', `FROM a\n${text}`, { ...known, ignoreFile })).toEqual(messages);
  });
});

test('LINT-20 InvalidDefinitionDescription is experimental: asked by name or by `all`, whatever is skipped', () => {
  const text = '# other\nARG foo\n# bar is it\nARG bar\n# none\nARG a b\n# base x\nFROM x AS base\n# other\n\nFROM x AS y';
  const messages = [
    '2: Comment for ARG should follow the format: `# foo <description>`',
    '6: Comment for ARG should follow the format: `# <arg_key> <description>`',
    '11: Comment for FROM should follow the format: `# y <description>`',
  ];
  expect(said('InvalidDefinitionDescription', text)).toEqual([]);
  for (const check of ['experimental=all', 'experimental=InvalidDefinitionDescription;skip=all']) {
    const request = { ...known, buildArgs: { BUILDKIT_DOCKERFILE_CHECK: check } };
    expect(said('InvalidDefinitionDescription', text, request)).toEqual(messages);
  }
});

test('LINT-23 a stage that is not built is held against the rules of parsing and of the graph only', () => {
  const text = 'FROM a AS X\nWORKDIR w\nCMD x\nFROM a AS y\nCMD ["y"]';
  const names = (request: CheckRequest): readonly string[] =>
    checkDockerfile(parseDockerfile(text), { ...known, ...request }).findings.map(({ rule }) => rule);
  expect(names({})).toEqual(['StageNameCasing', 'WorkdirRelativePath', 'JSONArgsRecommended']);
  expect(names({ target: 'y' })).toEqual(['StageNameCasing']);
  expect(names({ target: '' })).toEqual(['StageNameCasing']);
  expect(names({ target: 'x' })).toEqual(['StageNameCasing', 'WorkdirRelativePath', 'JSONArgsRecommended']);
});

test('every rule has a file of its own, and a name of its own', () => {
  const files = new Set(readdirSync(fileURLToPath(new URL('.', import.meta.url))));
  const kebab = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  expect(rules.map(({ name }) => `${kebab(name)}.ts`).filter((file) => !files.has(file))).toEqual([]);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});
