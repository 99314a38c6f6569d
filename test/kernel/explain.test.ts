import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type BuildEvent, explain, type MissReason } from '../../src/index.ts';
import { Builder, type Wanted } from './support/builder.ts';
import { needs } from './support/needs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());

/** Why each step that ran did so, in order, by the step's instruction. */
function reasons(events: readonly BuildEvent[]): readonly (readonly [string, ...MissReason[]])[] {
  const names = new Map(
    events.flatMap((event) =>
      event.kind === 'step-started' ? [[event.step, event.name.replace(/^\[[^\]]*\] /, '')] as const] : [],
    ),
  );
  return events.flatMap((event) =>
    event.kind === 'step-explained' ? [[names.get(event.step) ?? '', ...event.reasons] as const] : [],
  );
}

const dockerfile = (more: { readonly run?: string; readonly env?: string } = {}): string =>
  `FROM base-image\nENV MODE=${more.env ?? 'a'}\nCOPY src /src\nRUN ${more.run ?? 'cat /src/* > /out'}`;

async function rebuild(
  change: (context: string) => void,
  after: string = dockerfile(),
  wanted: Wanted = {},
): Promise<ReturnType<typeof reasons>> {
  const context = builder.context({ 'src/a': '1', 'src/b': '1' });
  await builder.build(dockerfile(), { context });
  change(context);
  const { events } = await builder.build(after, { context, ...wanted });
  return reasons(events);
}

kernel.test('build() names the files that made a COPY run again, and the COPY that made the RUN', async () => {
  const told = await rebuild((context) => {
    writeFileSync(join(context, 'src/a'), '2');
    writeFileSync(join(context, 'src/c'), '');
  });
  expect(told).toEqual([
    ['COPY src /src', { kind: 'files', changes: { changed: ['src/a'], added: ['src/c'], removed: [], modeOnly: [], total: 2 } }],
    ['RUN cat /src/* > /out', { kind: 'upstream', step: '[2/3] COPY src /src' }],
  ]);
});

kernel.test('build() tells a change of mode alone from a change of content', async () => {
  const told = await rebuild((context) => chmodSync(join(context, 'src/b'), 0o755));
  expect(told[0]?.[1]).toEqual({
    kind: 'files',
    changes: { changed: [], added: [], removed: [], modeOnly: ['src/b'], total: 1 },
  });
});

kernel.test('build() shows an instruction, and a variable, before and after', async () => {
  expect(await rebuild(() => {}, dockerfile({ run: 'wc -l /src/*' }))).toEqual([
    ['RUN wc -l /src/*', { kind: 'instruction', before: '[3/3] RUN cat /src/* > /out', after: '[3/3] RUN wc -l /src/*' }],
  ]);
  expect(await rebuild(() => {}, dockerfile({ env: 'b' }))).toEqual([
    ['RUN cat /src/* > /out', { kind: 'env', name: 'MODE', before: 'a', after: 'b' }],
  ]);
});

kernel.test('build() says that it was told not to look', async () => {
  const told = await rebuild(() => {}, dockerfile(), { noCache: true });
  expect(told.map(([, ...why]) => why)).toEqual([[{ kind: 'no-cache' }], [{ kind: 'no-cache' }]]);
});

kernel.test('build() has no reason to give for what was never built', async () => {
  const { events } = await builder.build('FROM base-image\nRUN echo never-before', { context: builder.context() });
  expect(reasons(events)).toEqual([['RUN echo never-before', { kind: 'never-built' }]]);
});

kernel.test('build() tells a new step from the ones it moved, and what followed one that is gone', async () => {
  const context = builder.context();
  const file = (...steps: readonly string[]): string =>
    ['FROM base-image', ...steps.map((step) => `RUN touch /${step}`)].join('\n');
  await builder.build(file('one', 'moved'), { context });
  const { events } = await builder.build(file('one', 'added', 'moved'), { context });
  expect(reasons(events)).toEqual([
    ['RUN touch /added', { kind: 'never-built' }],
    ['RUN touch /moved', { kind: 'upstream', step: '[3/4] RUN touch /added' }],
  ]);
  const gone = await builder.build(file('added', 'moved'), { context });
  expect(reasons(gone.events)).toEqual([
    ['RUN touch /added', { kind: 'upstream', step: expect.stringContaining('[1/3] FROM'), before: '[2/4] RUN touch /one' }],
    ['RUN touch /moved', { kind: 'upstream', step: '[2/3] RUN touch /added' }],
  ]);
});

kernel.test('explain() says why the step that failed had to run, and what the others did', async () => {
  const context = builder.context({ a: '1' });
  await builder.build('FROM base-image\nCOPY a /a\nRUN cat /a', { context });
  writeFileSync(join(context, 'a'), '2');
  await builder.fail('FROM base-image\nCOPY a /a\nRUN cat /a; false', { context });
  const { build, steps } = await explain({ engine: builder.engine });
  expect(build.status).toBe('error');
  expect(steps).toMatchObject([
    { number: 1, outcome: 'cached', reasons: [] },
    { instruction: 'COPY a /a', outcome: 'ran', reasons: [{ kind: 'files', changes: { changed: ['a'], total: 1 } }] },
    {
      instruction: 'RUN cat /a; false',
      outcome: 'failed',
      reasons: [{ kind: 'instruction' }, { kind: 'upstream', step: '[2/3] COPY a /a' }],
      error: { code: 'STEP_FAILED' },
    },
  ]);
  const { steps: one } = await explain({ engine: builder.engine, step: 'run' });
  expect(one.map(({ name }) => name)).toEqual(['[3/3] RUN cat /a; false']);
  await expect(explain({ engine: builder.engine, step: '9' })).rejects.toMatchObject({ code: 'BUILD_NO_STEP' });
});

kernel.test('explain() keeps values that look secret to itself', async () => {
  const context = builder.context();
  const file = 'FROM base-image\nARG API_TOKEN\nRUN echo hello $API_TOKEN > /dev/null';
  await builder.build(file, { context, buildArgs: { API_TOKEN: 'first-value' } });
  await builder.build(file, { context, buildArgs: { API_TOKEN: 'second-value' } });
  const explained = await explain({ engine: builder.engine });
  expect(explained.steps[1]?.reasons).toEqual([{ kind: 'env', name: 'API_TOKEN', before: '****', after: '****' }]);
  expect(JSON.stringify(explained)).not.toMatch(/first-value|second-value/);
});

kernel.test('explain() shows a stage behind those that it needs', async () => {
  const file = 'FROM base-image AS b\nCOPY a /a\nFROM base-image AS a\nCOPY --from=b /a /b\nFROM base-image\nCOPY --from=a /b /c';
  const context = builder.context({ a: 'stages' });
  for (const text of [file, `${file}\nLABEL again=yes`]) {
    await builder.build(text, { context });
    const { steps } = await explain({ engine: builder.engine });
    expect(steps.map(({ stage, number }) => `${stage} ${number}`)).toEqual(['b 1', 'b 2', 'a 2', 'stage-2 2']);
  }
});
