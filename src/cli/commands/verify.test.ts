import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld } from '../fake-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-verify-cli-'));
const context = join(folder, 'context');
const layout = join(folder, 'layout');
for (const path of [context, layout]) mkdirSync(path);
writeFileSync(join(layout, 'oci-layout'), '{}');
afterAll(() => rmSync(folder, { recursive: true }));

const different = {
  isReproducible: false,
  digests: ['sha256:1', 'sha256:2'],
  differences: [
    { step: 'RUN make', path: '/a', what: 'mtime', first: '1', second: '2', hint: 'use x' },
    { step: 'RUN make', path: '/b', what: 'mtime', first: '3', second: '4', hint: 'use x' },
    { path: 'created', what: 'config', first: '"5"', second: '"6"' },
    ...Array.from({ length: 9 }, (_, at) => ({ path: `p${at}`, what: 'config', first: 'x', second: 'y' }) as const),
  ],
} as const;

test('`slipway verify` of a context builds twice with its flags and says what differs where', async () => {
  const asked: unknown[] = [];
  const world = createFakeWorld({
    library: {
      verifyBuild: (options) => {
        asked.push(options);
        return Promise.resolve(different);
      },
    },
  });
  const argv = ['verify', '--reproducible', '--target', 't', '-t', 'ignored', '-o', 'type=oci,dest=x,compression=zstd', context];
  expect(await runCli(argv, world)).toBe(1);
  expect(asked).toMatchObject([{ context, reproducible: true, target: 't', image: { compression: 'zstd' } }]);
  expect(asked[0]).not.toHaveProperty('outputs');
  expect(world.stdout()).toBe(`the builds gave different images: sha256:1 and sha256:2

RUN make
  /a: mtime 1, then 2
    hint: use x
  /b: mtime 3, then 4

what the image says of itself
  created: "5", then "6"
${Array.from({ length: 7 }, (_, at) => `  p${at}: x, then y\n`).join('')}
… and 2 more; \`--all\` shows them
`);
});

test('`slipway verify` of a context says when both images are the same', async () => {
  const same = { isReproducible: true, digests: ['sha256:1', 'sha256:1'], differences: [] } as const;
  const world = createFakeWorld({ library: { verifyBuild: () => Promise.resolve(same) } });
  expect(await runCli(['verify', context], world)).toBe(0);
  expect(world.stdout()).toBe('both builds gave sha256:1\n');
});

test.for([layout, 'app:1'])('`slipway verify %s` looks at an image', async (image) => {
  const found = { digests: ['sha256:1'], problems: [{ at: 'sha256:2', message: 'it is missing' }] };
  const world = createFakeWorld({ library: { verifyImage: () => Promise.resolve(found) } });
  expect(await runCli(['verify', image], world)).toBe(1);
  expect(world.stdout()).toBe('sha256:2: it is missing\n');
  const whole = createFakeWorld({ library: { verifyImage: () => Promise.resolve({ ...found, problems: [] }) } });
  expect(await runCli(['verify', '--json', image], whole)).toBe(0);
  expect(JSON.parse(whole.stdout())).toEqual({ digests: ['sha256:1'], problems: [] });
});

const rebuilt = { kind: 'rebuilt', build: '0abc', changedSteps: [], differences: [] } as const;
const late = { step: 'RUN make', path: '/a', what: 'mtime', first: '1', second: '2', hint: 'use x' } as const;

test.for([
  [rebuilt, 0, 'build 0abc, done again with an empty cache, gave the same layers\n'],
  [
    { kind: 'not-rebuilt', why: 'the history has no build that gave it' },
    0,
    'not built again: the history has no build that gave it\n',
  ],
  [
    { ...rebuilt, differences: [late] },
    1,
    `build 0abc, done again with an empty cache, gave other layers, by their times only

RUN make
  /a: mtime 1, now 2
    hint: use x
`,
  ],
  [
    { ...rebuilt, changedSteps: ['[2/3] COPY . /'], differences: [{ ...late, what: 'size', hint: 'y' }] },
    1,
    `build 0abc, done again with an empty cache, gave other layers
what \`[2/3] COPY . /\` takes from its context is not what it was then

RUN make
  /a: size 1, now 2
    hint: y
`,
  ],
] as const)('`slipway verify IMAGE` says what its build gave when it was done again: %$', async ([rebuild, code, text]) => {
  const asked: unknown[] = [];
  const world = createFakeWorld({
    library: {
      verifyImage: (options) => {
        asked.push(options);
        return Promise.resolve({ digests: ['sha256:1'], problems: [], rebuild });
      },
    },
  });
  expect(await runCli(['verify', '--secret', 'id=a,env=HOME', 'app:1'], world)).toBe(code);
  expect(world.stdout()).toBe(`sha256:1 is whole\n${text}`);
  expect(asked).toMatchObject([{ image: 'app:1', rebuild: true, secrets: { a: { env: 'HOME' } } }]);
});

test('`slipway verify --digests-only IMAGE` builds nothing', async () => {
  const asked: unknown[] = [];
  const world = createFakeWorld({
    library: {
      verifyImage: (options) => {
        asked.push(options);
        return Promise.resolve({ digests: ['sha256:1'], problems: [] });
      },
    },
  });
  expect(await runCli(['verify', '--digests-only', 'app:1'], world)).toBe(0);
  expect(asked).toMatchObject([{ rebuild: false }]);
  expect(world.stdout()).toBe('sha256:1 is whole\n');
});
