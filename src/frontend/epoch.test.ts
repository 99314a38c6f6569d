import { expect, test } from 'vitest';
import { compileText } from './compile-text.ts';
import type { Compiled } from './compiled.ts';
import { createFakeImages } from './fake-images.ts';
import type { CompileOptions } from './options.ts';

async function compiled(
  text: string,
  options: Partial<CompileOptions> = {},
  times: Readonly<Record<string, number>> = {},
): Promise<Compiled> {
  return await compileText(text, options, {
    ...createFakeImages(),
    contextTime: (name = 'context') => Promise.resolve(times[name]),
  });
}

const stage = 'FROM alpine:3.20\nWORKDIR /w\nARG SOURCE_DATE_EPOCH\nRUN x\n';

/** What the build's time is, what RUN sees of it, and when WORKDIR made its directory. */
function told({ image, graph }: Compiled): unknown {
  const ops = [...graph.vertices.values()].map(({ op }) => op);
  const run = ops.flatMap((op) => (op.kind === 'exec' ? op.env : [])).find((line) => line.startsWith('SOURCE_DATE_EPOCH='));
  const made = ops.flatMap((op) => (op.kind === 'file' ? op.actions : [])).find(({ action }) => action === 'mkdir');
  return [
    image.epochSec,
    run?.slice(run.indexOf('=') + 1),
    made?.action === 'mkdir' ? made.timestampNs : undefined,
    ...new Set(image.history.map(({ created }) => created)),
  ];
}

const at1000 = [1000, '1000', 1_000_000_000_000n, '1970-01-01T00:16:40Z'];
const none = [undefined, undefined, -1n, undefined];

test.for<[what: string, text: string, options: Partial<CompileOptions>, told: readonly unknown[]]>([
  ['a build argument', stage, { buildArgs: { SOURCE_DATE_EPOCH: '1000' } }, at1000],
  ['the default of a global ARG', `ARG SOURCE_DATE_EPOCH=1000\n${stage}`, {}, at1000],
  [
    'a build argument before the default',
    `ARG SOURCE_DATE_EPOCH=5\n${stage}`,
    { buildArgs: { SOURCE_DATE_EPOCH: '1000' } },
    at1000,
  ],
  ['the time of the context', stage, { buildArgs: { SOURCE_DATE_EPOCH: 'context' } }, at1000],
  ['the time of the context, by an ARG', `ARG SOURCE_DATE_EPOCH=context\n${stage}`, {}, at1000],
  [
    'the time of a named context',
    stage,
    { buildArgs: { SOURCE_DATE_EPOCH: 'other' } },
    [7, '7', 7_000_000_000n, '1970-01-01T00:00:07Z'],
  ],
  ['the time of the context where one is needed', stage, { needsEpoch: true }, at1000],
  ['nothing', stage, {}, none],
  [
    'an empty build argument',
    `ARG SOURCE_DATE_EPOCH=5\n${stage}`,
    { buildArgs: { SOURCE_DATE_EPOCH: '' } },
    [undefined, '', -1n, undefined],
  ],
])('IMG-13 SOURCE_DATE_EPOCH is %s', async ([, text, options, want]) => {
  const contexts = { other: { kind: 'local', name: 'other', ignorePatterns: [] } } as const;
  expect(told(await compiled(text, { contexts, ...options }, { context: 1000, other: 7 }))).toEqual(want);
});

test('SOURCE_DATE_EPOCH=context of a context without a time is none, and 0 where one is needed', async () => {
  const buildArgs = { SOURCE_DATE_EPOCH: 'context' };
  expect((await compiled(stage, { buildArgs })).image.epochSec).toBeUndefined();
  expect((await compiled(stage, { buildArgs, needsEpoch: true })).image.epochSec).toBe(0);
});

test.for<[string, string, object]>([
  ['ARG SOURCE_DATE_EPOCH=not-a-time\nFROM alpine:3.20', 'invalid SOURCE_DATE_EPOCH: not-a-time', { line: 1, column: 5 }],
  [
    'ARG SOURCE_DATE_EPOCH=99999999999999999999\nFROM alpine:3.20',
    'invalid SOURCE_DATE_EPOCH: 99999999999999999999',
    { line: 1, column: 5 },
  ],
])('%j is refused at its place', async ([text, message, start]) => {
  await expect(compiled(text)).rejects.toMatchObject({ code: 'FE_BAD_EPOCH', message, at: { start } });
});

test('a stage as the source of the time is refused by name', async () => {
  const text = 'ARG SOURCE_DATE_EPOCH=Src\nFROM scratch AS src\nADD https://x.test/f /\nFROM alpine:3.20';
  await expect(compiled(text)).rejects.toMatchObject({
    code: 'FE_BAD_EPOCH',
    message: expect.stringContaining('the stage `Src`') as string,
  });
});
