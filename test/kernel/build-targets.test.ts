import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { build, type BuildEvent, listImages } from '../../src/index.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  builder[Symbol.dispose]();
});

const dockerfile = (what: string): string => `FROM base-image AS base
COPY shared /shared
RUN echo ${what} > /base
FROM base AS app
COPY app /app
CMD ["app"]
FROM base AS docs
COPY docs /docs
FROM base AS test
RUN test -f /shared && grep -q ok /shared
FROM base AS unneeded
RUN exit 1
FROM app`;
const files = { shared: 'ok', app: 'an app', docs: 'some docs' };

/** Names of the steps that ran. */
const ran = (events: readonly BuildEvent[]): string[] =>
  events.flatMap((event) =>
    event.kind === 'step-started' && event.step.startsWith('sha256:') ? event.name.replace(/^\[.*?\] /, '') : [],
  );

kernel.test('build() of several targets builds what they share once, and writes each result to its place', async () => {
  const events: BuildEvent[] = [];
  const out = join(builder.scratch, 'docs-out');
  const result = await build({
    context: builder.context(files),
    dockerfile: dockerfile('several'),
    engine: builder.engine,
    tags: ['several:main'],
    outputs: [
      { type: 'local', dest: out, target: 'docs' },
      { type: 'image', names: ['several:base'], target: 'base' },
    ],
    require: ['test'],
    onEvent: (event) => events.push(event),
  });
  expect(ran(events).filter((name) => name === 'RUN echo several > /base')).toHaveLength(1);
  expect(readFileSync(join(out, 'docs'), 'utf8')).toBe('some docs');
  expect(existsSync(join(out, 'app'))).toBe(false);
  expect(result.targets.map(({ stage, names }) => [stage, names])).toEqual([
    ['stage-5', ['docker.io/library/several:main']],
    ['docs', []],
    ['base', ['docker.io/library/several:base']],
  ]);
  expect(result.skippedStages).toEqual(['unneeded']);
  expect(result.imageId).toBe(result.targets[0]?.imageId);
  const images = await listImages({ engine: builder.engine });
  const idOf = (name: string): string | undefined => images.find((image) => image.names.includes(`several:${name}`))?.imageId;
  expect([idOf('main'), idOf('base')]).toEqual([result.imageId, result.targets[2]?.imageId]);
});

kernel.test('build() of one target gives the same image alone and together with others', async () => {
  const context = builder.context(files);
  const options = { context, dockerfile: dockerfile('alone'), engine: builder.engine };
  const together = await build({ ...options, target: ['docs', 'app'] });
  const alone = await build({ ...options, target: 'app' });
  expect(together.targets.map(({ stage }) => stage)).toEqual(['docs', 'app']);
  expect(alone.imageId).toBe(together.targets[1]?.imageId);
  expect(alone.steps.ran).toBe(0);
});

kernel.test('build() writes nothing when a required stage fails, and the image has nothing of one that succeeds', async () => {
  const options = { dockerfile: dockerfile('required'), engine: builder.engine, tags: ['required'], require: ['test'] };
  await expect(build({ ...options, context: builder.context({ ...files, shared: 'wrong' }) })).rejects.toMatchObject({
    code: 'STEP_FAILED',
    at: { start: { line: 10 } },
  });
  const names = async (): Promise<string[]> => (await listImages({ engine: builder.engine })).flatMap((image) => image.names);
  expect(await names()).not.toContain('required:latest');
  const context = builder.context(files);
  const plain = await build({ ...options, context, require: [] });
  const checked = await build({ ...options, context });
  expect(checked.imageId).toBe(plain.imageId);
  expect(checked.stages.map(({ name }) => name)).toContain('test');
  expect(plain.skippedStages).toContain('test');
});

kernel.test('build() refuses an output or a requirement of a stage that is not there before anything runs', async () => {
  for (const wanted of [
    { require: ['tset'] },
    { outputs: [{ type: 'cacheonly', target: 'tset' } as const] },
    { target: ['app', 'tset'] },
  ]) {
    const events: BuildEvent[] = [];
    const options = { context: builder.context(files), dockerfile: dockerfile('unknown'), engine: builder.engine };
    await expect(build({ ...options, ...wanted, onEvent: (event) => events.push(event) })).rejects.toMatchObject({
      code: 'FE_UNKNOWN_TARGET',
      hint: expect.stringContaining('`test`') as string,
    });
    expect(ran(events)).toEqual([]);
  }
});
