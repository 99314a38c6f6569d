import { expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, fakeResult } from '../fake-world.ts';
import type { BuildExplanation, ExplainedStep, Library, MissReason } from '../ports.ts';

const base = 'docker.io/library/alpine:3@sha256:';
const build: BuildExplanation['build'] = {
  id: '0mwrs2exac23e557d826a58b9',
  name: 'app',
  status: 'completed',
  startedAt: '1969-12-31T23:58:00.000Z',
  durationMs: 3400,
  buildArgs: [],
  tags: [],
  result: fakeResult,
  steps: fakeResult.steps,
  warnings: 0,
};

function step(number: number, instruction: string, more: Partial<ExplainedStep> = {}): ExplainedStep {
  const name = `[${number}/3] ${instruction}`;
  return { name, number, total: 3, instruction, outcome: 'ran', durationMs: 1200, reasons: [], ...more };
}

async function explained(steps: readonly ExplainedStep[], argv: readonly string[] = [], more: object = {}): Promise<string> {
  const world = createFakeWorld({ library: { explain: () => Promise.resolve({ build: { ...build, ...more }, steps }) } });
  expect(await runCli(['explain', ...argv], world)).toBe(0);
  return world.stdout();
}

/** What is said of a step that ran for this reason. */
async function said(reason: MissReason, argv: readonly string[] = []): Promise<readonly string[]> {
  const text = await explained([step(2, 'RUN make', { reasons: [reason] })], argv);
  return text
    .trimEnd()
    .split('\n')
    .slice(3)
    .map((line) => line.slice(18));
}

test('`slipway explain` shows what became of each step, and why', async () => {
  const steps = [
    step(1, `FROM ${base}${'a'.repeat(64)}`, { outcome: 'cached', cachedBy: 'definition' }),
    step(2, 'COPY src /src', {
      reasons: [{ kind: 'files', changes: { changed: ['src/a'], added: ['src/b'], removed: ['c'], modeOnly: ['d'], total: 4 } }],
    }),
    step(3, 'RUN make\n  all', { outcome: 'failed', reasons: [{ kind: 'upstream', step: '[2/3] COPY src /src' }] }),
  ];
  expect(await explained(steps, [], { status: 'error' })).toBe(`app, 2 minutes ago: failed after 3.4s; 1 cached, 1 ran, 1 failed

cached            [1/3] FROM docker.io/library/alpine:3@sha256:aaaaaaaaaaaa…
ran         1.2s  [2/3] COPY src /src
                  changed    /src/a
                  added      /src/b
                  removed    /c
                  mode only  /d
failed      1.2s  [3/3] RUN make …
                  it builds on [2/3] COPY src /src, which ran
`);
});

test.for<readonly [string, MissReason, readonly string[]]>([
  ['what is new', { kind: 'never-built' }, ['new: no earlier build had such a step']],
  ['--no-cache', { kind: 'no-cache' }, ['the cache was not to be used (--no-cache)']],
  ['what prune took', { kind: 'result-gone' }, ['nothing changed, but its result was no longer in the store (pruned)']],
  [
    'an instruction',
    { kind: 'instruction', before: '[2/3] RUN make', after: '[2/3] RUN make all' },
    ['the instruction changed:', '  - RUN make', '  + RUN make all'],
  ],
  [
    'a flag',
    { kind: 'instruction', before: '[2/3] COPY a b', after: '[2/3] COPY a b' },
    ['the same words, but what they stand for changed'],
  ],
  ['a variable', { kind: 'env', name: 'MODE', before: 'a', after: undefined }, ['$MODE is gone (was a)']],
  ['a hidden variable', { kind: 'env', name: 'API_TOKEN', before: '****', after: '****' }, ['$API_TOKEN changed']],
  [
    'a heredoc of RUN',
    { kind: 'setting', name: 'command', before: '["/bin/sh","-c","a\\nb\\n"]', after: '["/bin/sh","-c","a\\nc\\n"]' },
    ['its command changed:', '    /bin/sh -c a', '  - b', '  + c'],
  ],
  ['a heredoc of COPY', { kind: 'upstream', step: '[internal] preparing inline document' }, ['the text of its heredoc changed']],
  ['a setting', { kind: 'setting', name: 'cwd', before: '/', after: '/w' }, ['the working directory changed from / to /w']],
  [
    'a base image',
    { kind: 'base-image', before: `${base}1`, after: `${base}2` },
    ['the base image moved:', `  - ${base}1`, `  + ${base}2`],
  ],
  [
    'another step above',
    { kind: 'upstream', step: '[1/3] COPY a b', before: '[1/4] RUN c' },
    ['it follows [1/3] COPY a b, no longer RUN c'],
  ],
  ['files of a step that failed', { kind: 'files', changes: undefined }, ['what it takes from the build context changed']],
])('`slipway explain` speaks of %s', async ([, reason, lines]) => {
  expect(await said(reason)).toEqual(lines);
});

test('`slipway explain` names ten files of a step, with --all all that are kept', async () => {
  const changed = Array.from({ length: 30 }, (_, index) => `f${index}`);
  const reason: MissReason = { kind: 'files', changes: { changed, added: [], removed: [], modeOnly: [], total: 50 } };
  const [some, all] = [await said(reason), await said(reason, ['--all'])];
  expect([some.length, some.at(-1)]).toEqual([11, 'and 40 more; --all names them']);
  expect([all.length, all.at(-1)]).toEqual([31, 'and 20 more, whose names are not kept']);
});

test('`slipway explain` says how a cached step was known, and of a build that came to no step what stopped it', async () => {
  const cached = await explained([
    step(2, 'RUN a', { outcome: 'cached', cachedBy: 'content' }),
    step(3, 'RUN b', { outcome: 'cached', cachedBy: 'other-build' }),
  ]);
  expect(cached).toContain('something before it changed, and gave it the same content\n');
  expect(cached).toContain('another build made it at the same time\n');
  const error = { code: 'BUILD_NO_DOCKERFILE', class: 'input', message: 'no Dockerfile' };
  expect(await explained([], [], { status: 'error', error })).toBe(
    'app, 2 minutes ago: failed after 3.4s; it came to no step\n\nBUILD_NO_DOCKERFILE: no Dockerfile\n\n',
  );
});

test('`slipway explain` writes no control character of a Dockerfile or a file name', async () => {
  const text = await explained([
    step(2, 'RUN \u001b[2J', {
      reasons: [{ kind: 'files', changes: { changed: ['a\u0007'], added: [], removed: [], modeOnly: [], total: 1 } }],
    }),
  ]);
  expect(text).toContain('RUN \\x1b[2J\n');
  expect(text).toContain('/a\\x07\n');
});

test('`slipway explain --json` prints all of it; BUILD and STEP reach the library', async () => {
  const asked: object[] = [];
  const explain: Library['explain'] = (options) => {
    asked.push(options);
    return Promise.resolve({ build, steps: [step(2, 'RUN make')] });
  };
  const world = createFakeWorld({ library: { explain } });
  expect(await runCli(['explain', '^1', 'run', 'make', '--json'], world)).toBe(0);
  expect(JSON.parse(world.stdout())).toMatchObject({
    build: { name: 'app' },
    steps: [{ name: '[2/3] RUN make', outcome: 'ran' }],
  });
  expect(asked).toEqual([expect.objectContaining({ ref: '^1', step: 'run make' })]);
});
