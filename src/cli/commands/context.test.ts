import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld } from '../fake-world.ts';
import type { ContextListing, ContextVerdict } from '../ports.ts';

const ignoreFile = join(createFakeWorld().io.cwd, '.dockerignore');
const listing: ContextListing = {
  directory: '/work',
  ignoreFile,
  files: [
    { path: 'src', type: 'dir', sizeBytes: 0 },
    { path: 'src/a', type: 'file', sizeBytes: 1500 },
  ],
  sizeBytes: 1500,
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What the library was asked for. */
  readonly asked: unknown[];
}

async function run(argv: readonly string[], verdict?: ContextVerdict): Promise<Ran> {
  const asked: unknown[] = [];
  const world = createFakeWorld({
    library: {
      listContext: ({ context, file }) => (asked.push({ context, file }), Promise.resolve(listing)),
      explainContext: ({ path }) => (asked.push(path), Promise.resolve(verdict as ContextVerdict)),
    },
  });
  const code = await runCli(['context', ...argv], world);
  return { code, out: world.stdout(), err: world.stderr(), asked };
}

test('slipway context ls lists files with their sizes, and the sum', async () => {
  const { code, out, asked } = await run(['ls', '-f', 'D', 'there']);
  expect({ code, out }).toEqual({
    code: 0,
    out: 'SIZE     PATH\n-        src/\n1.50kB   src/a\n\n1 file, 1.50kB, after .dockerignore\n',
  });
  expect(asked).toEqual([{ context: 'there', file: 'D' }]);
  expect(JSON.parse((await run(['ls', '--json'])).out)).toEqual(listing);
});

test.for<[verdict: ContextVerdict, out: string]>([
  [{ path: 'x', isIncluded: false, ignoreFile, decidedBy: { pattern: 'x*', line: 3 } }, 'x: left out by .dockerignore:3: x*\n'],
  [
    { path: 'x', isIncluded: true, ignoreFile, decidedBy: { pattern: '!x', line: 4 } },
    'x: brought back by .dockerignore:4: !x\n',
  ],
  [{ path: 'x', isIncluded: true, ignoreFile }, 'x: in the context; no line of .dockerignore matches it\n'],
  [{ path: '', isIncluded: true }, '.: in the context; there is no ignore file\n'],
])('slipway context ls --why says %j', async ([verdict, out]) => {
  expect(await run(['ls', '--why', 'x'], verdict)).toMatchObject({ code: 0, out });
});

test('slipway context knows ls alone', async () => {
  expect(await run(['rm'])).toMatchObject({ code: 2, err: expect.stringContaining('`slipway context rm` is not there') });
});
