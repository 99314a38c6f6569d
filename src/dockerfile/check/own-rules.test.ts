import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { applyEdits } from './apply-edits.ts';
import { checkDockerfile } from './check.ts';
import { moveCommentUp } from './slipway-trailing-comment.ts';

function check(text: string) {
  return checkDockerfile(parseDockerfile(text), { own: true }).findings.filter(({ rule }) => rule.startsWith('Slipway'));
}

function said(text: string): readonly string[] {
  return check(text).map(({ rule, message, at }) => `${at.start.line}: ${rule}: ${message}`);
}

const runtime = 'FROM alpine\nCOPY --from=build /x /x\n';

/** What is wrong, what is said, what is right. */
const cases: readonly (readonly [rule: string, bad: string, message: string, good: readonly string[]])[] = [
  [
    'SlipwayUnusedStage',
    'FROM golang AS builder\nFROM alpine',
    '1: SlipwayUnusedStage: Stage "builder" is used by no other stage, so it is not built',
    [
      'FROM golang AS builder\nFROM alpine\nCOPY --from=builder /a /a',
      'FROM golang AS builder\nFROM alpine\nCOPY --from=0 /a /a',
      'FROM golang AS builder\nFROM builder',
      'FROM golang AS builder\nFROM alpine\nRUN --mount=from=builder,target=/b true',
      'FROM golang AS test\nFROM alpine',
      'ARG B=builder\nFROM golang AS builder\nFROM $B',
    ],
  ],
  [
    'SlipwayUnusedStage',
    'FROM golang\nFROM alpine',
    '1: SlipwayUnusedStage: Stage 0 is used by no other stage, so it is not built',
    [],
  ],
  [
    'SlipwayUnusedStage',
    'FROM golang AS old-build\nFROM alpine',
    '1: SlipwayUnusedStage: Stage "old-build" is used by no other stage, so it is not built',
    ['FROM golang AS olden\nFROM alpine'],
  ],
  [
    'SlipwayCopyBeforeInstall',
    'FROM node\nCOPY . .\nRUN npm ci',
    '2: SlipwayCopyBeforeInstall: Every change of a file installs the dependencies again: they are installed on line 3, after all files are copied',
    [
      'FROM node\nCOPY package*.json ./\nRUN npm ci\nCOPY . .',
      'FROM node\nCOPY package.json package-lock.json ./\nCOPY . .\nRUN npm ci',
      'FROM node\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci',
      'FROM node\nCOPY . .\nRUN npm run build',
      'FROM node\nCOPY . .\nRUN npm install left-pad',
      'FROM node\nCOPY --from=x . .\nRUN npm ci',
      'FROM node\nCOPY src .\nRUN npm ci',
    ],
  ],
  [
    'SlipwayCopyBeforeInstall',
    'FROM python\nADD ./ /app\nRUN cd /app && pip3 install --no-cache-dir -r requirements.txt',
    '2: SlipwayCopyBeforeInstall: Every change of a file installs the dependencies again: they are installed on line 3, after all files are copied',
    [
      'FROM python\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .',
      'FROM python\nCOPY . .\nRUN pip install .',
    ],
  ],
  [
    'SlipwayAptUpdateAlone',
    'FROM debian AS build\nRUN apt-get update\nRUN apt-get install -y curl\n' + runtime,
    '2: SlipwayAptUpdateAlone: `apt-get update` stands in another layer than the install on line 3, which then works with lists from the cache',
    [
      `FROM debian AS build\nRUN apt-get update && apt-get install -y curl\n${runtime}`,
      `FROM debian AS build\nRUN apt-get update\nRUN apt-get update && apt-get install -y curl\n${runtime}`,
      `FROM debian AS build\nRUN apt-get update\n${runtime}`,
    ],
  ],
  [
    'SlipwayBuildToolInFinalStage',
    'FROM golang AS build\nFROM alpine\nCOPY --from=build /x /x\nRUN apk add --no-cache curl gcc',
    '4: SlipwayBuildToolInFinalStage: The final image keeps the build tool `gcc`',
    [
      'FROM golang AS build\nFROM alpine\nCOPY --from=build /x /x\nRUN apk add --no-cache gcc && make && apk del gcc',
      `FROM alpine AS build\nRUN apk add gcc\n${runtime}`,
      'FROM alpine\nRUN apk add --no-cache gcc',
    ],
  ],
  [
    'SlipwayPackageCacheInFinalStage',
    'FROM debian\nRUN apt-get update \\\n && apt-get install -y curl',
    '2: SlipwayPackageCacheInFinalStage: The final image keeps the package cache /var/lib/apt/lists',
    [
      'FROM debian\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*',
      'FROM debian\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl',
      `FROM debian AS build\nRUN apt-get update && apt-get install -y curl\n${runtime}`,
      'FROM alpine\nRUN apk add --no-cache curl',
      'FROM debian\nRUN echo "apt-get update"',
    ],
  ],
  [
    'SlipwayPackageCacheInFinalStage',
    'FROM alpine AS base\nRUN apk add curl\nFROM base\nCMD ["x"]',
    '2: SlipwayPackageCacheInFinalStage: The final image keeps the package cache /var/cache/apk',
    [],
  ],
  [
    'SlipwaySecretValue',
    'FROM a\nENV aws=AKIAABCDEFGHIJKLMNOP',
    '2: SlipwaySecretValue: The value of ENV "aws" looks like an AWS access key',
    [
      'FROM a\nENV aws=AKIA',
      'FROM a\nENV URL=https://example.test/@scope',
      'FROM a\nARG dbPassword',
      'FROM a\nARG X\nENV dbPassword=$X',
    ],
  ],
  [
    'SlipwaySecretValue',
    'ARG db=postgres://me:hunter2@db/x\nFROM a',
    '1: SlipwaySecretValue: The value of ARG "db" looks like a password in a URL',
    [],
  ],
  ['SlipwaySecretValue', 'FROM a\nENV dbPassword=hunter2', '2: SlipwaySecretValue: ENV "dbPassword" looks like a secret', []],
  [
    'SlipwayFinalStageBuilds',
    'FROM golang:1.22\nRUN go build -o /x .\nCMD ["/x"]',
    '1: SlipwayFinalStageBuilds: The final image is the build stage: it keeps `golang:1.22` and everything that line 2 needs',
    [
      `FROM golang AS build\nRUN go build -o /x .\n${runtime}CMD ["/x"]`,
      'FROM golang\nRUN go build -o /x .',
      'FROM node\nRUN npm run build\nCMD ["node","x"]',
    ],
  ],
  [
    'SlipwayCopyFromIndex',
    'FROM a AS build\nFROM b\nCOPY --from=0 /x /x',
    '3: SlipwayCopyFromIndex: `COPY --from=0` names a stage by its number, and the stage has a name: "build"',
    ['FROM a\nFROM b\nCOPY --from=0 /x /x', 'FROM a AS build\nFROM b\nCOPY --from=build /x /x'],
  ],
  [
    'SlipwayShellEntrypoint',
    'FROM a\nENTRYPOINT node server.js',
    '2: SlipwayShellEntrypoint: ENTRYPOINT in shell form: the shell does not pass signals such as SIGTERM on, and CMD is ignored',
    [
      'FROM a\nENTRYPOINT ["node", "server.js"]',
      'FROM a\nENTRYPOINT exec node server.js',
      'FROM a\nENTRYPOINT setup && exec node server.js',
    ],
  ],
  [
    'SlipwayTrailingComment',
    'FROM a\nEXPOSE 80 # http',
    '2: SlipwayTrailingComment: A comment must stand on its own line: the words after `#` are arguments of EXPOSE',
    ['FROM a\n# http\nEXPOSE 80', 'FROM a\nRUN x # y', 'FROM a\nENV x="1 # 2"'],
  ],
];

test.for(cases)('%s warns of %j', ([rule, bad, message]) => {
  expect(said(bad).filter((line) => line.includes(` ${rule}: `))).toEqual([message]);
});

describe('our own rules keep silent about', () => {
  test.for(cases.flatMap(([rule, , , good]) => good.map((text) => [rule, text] as const)))('%s: %j', ([rule, text]) => {
    expect(said(text).filter((line) => line.includes(` ${rule}: `))).toEqual([]);
  });
});

test('our own rules are asked only where that is wanted, and can be switched off like every rule', () => {
  const bad = 'FROM golang AS builder\nFROM alpine';
  expect(checkDockerfile(parseDockerfile(bad)).findings).toEqual([]);
  expect(said(`# check=skip=SlipwayUnusedStage\n${bad}`)).toEqual([]);
  expect(said(`# check=skip=all\n${bad}`)).toEqual([]);
});

test.for<[bad: string, good: string]>([
  ['FROM a\nEXPOSE 80 # http\n', 'FROM a\n# http\nEXPOSE 80\n'],
  ['FROM a AS x\nFROM b\nCOPY a \\\n  b /c/ # all of them\n', 'FROM a AS x\nFROM b\n# all of them\nCOPY a \\\n  b /c/\n'],
  ['FROM a # the base\n', '# the base\nFROM a\n'],
  ['FROM a\r\nENV x=1   # one\r\n', 'FROM a\r\n# one\r\nENV x=1\r\n'],
])('moveCommentUp() makes of %j what was meant', ([bad, good]) => {
  const { file, diagnostics } = parseDockerfile(bad);
  expect(
    applyEdits(
      bad,
      diagnostics.flatMap((one) => moveCommentUp(file, one)),
    ),
  ).toBe(good);
});

test.for(['FROM a\nWORKDIR /a #b\n', 'FROM a # syntax=x\n', 'FROM a\nCOPY a #b\n'])('moveCommentUp() leaves %j alone', (text) => {
  const { file, diagnostics } = parseDockerfile(text);
  expect(diagnostics.flatMap((one) => moveCommentUp(file, one))).toEqual([]);
});
