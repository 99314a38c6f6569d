import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { BuildEvent, MissReason } from '../../src/index.ts';
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
