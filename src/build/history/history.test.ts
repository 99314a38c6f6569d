import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cancelled, hostPath, SlipwayError } from '../../base/index.ts';
import type { BuildEvent, StepId } from '../../solver/index.ts';
import { openStore, type StorePaths } from '../../store/index.ts';
import type { BuildResult } from '../options.ts';
import { capHistory } from './cap.ts';
import { buildEvents, inspectBuild, listBuilds, removeBuilds } from './history.ts';
import { createHistoryWriter } from './writer.ts';

interface Scratch extends Disposable {
  readonly paths: StorePaths;
  readonly engine: { readonly root: string };
}

function scratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  return { paths: openStore(hostPath(root)).paths, engine: { root }, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

const result: BuildResult = {
  id: 'x',
  imageId: `sha256:${'1'.repeat(64)}`,
  targets: [],
  names: ['docker.io/library/app:latest'],
  steps: { total: 3, cached: 2, ran: 1 },
  stages: [],
  skippedStages: ['test'],
  durationMs: 1200,
  imageSizeBytes: 5,
};

type End = Parameters<ReturnType<typeof createHistoryWriter>['finish']>[0];

function recorded({ paths }: Scratch, startedAtMs: number, end: End = { result }, events: readonly BuildEvent[] = []): string {
  using writer = createHistoryWriter(paths, { context: '/src/app', buildArgs: { TOKEN: 'secret' }, tags: ['app'] }, startedAtMs);
  for (const event of events) writer.add(event);
  writer.finish(end);
  return writer.id;
}

/** One line: comparing megabytes byte by byte takes seconds. */
function said(event: BuildEvent): string {
  return event.kind === 'step-log'
    ? `${event.atMs} ${event.stream} ${Buffer.from(event.data).toString('latin1')}`
    : JSON.stringify(event);
}

async function eventsOf(builds: AsyncIterable<BuildEvent>): Promise<BuildEvent[]> {
  const events: BuildEvent[] = [];
  for await (const event of builds) events.push(event);
  return events;
}

test('TOOL-04 listBuilds() gives builds with their ends, latest first', () => {
  using store = scratch();
  const day = Date.parse('2026-01-01T00:00:00Z');
  const ids = [
    recorded(store, day),
    recorded(store, day + 1000, { thrown: new SlipwayError('DF_UNKNOWN_STAGE', 'no such stage') }),
    recorded(store, day + 2000, { thrown: cancelled() }),
  ];
  const builds = listBuilds({ engine: store.engine });
  expect(builds.map(({ id }) => id)).toEqual(ids.reverse());
  expect(builds.map(({ status }) => status)).toEqual(['canceled', 'error', 'completed']);
  expect(builds[2]).toMatchObject({
    name: 'app',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1200,
    buildArgs: ['TOKEN'],
    result: { names: result.names },
  });
  expect(JSON.stringify(builds)).not.toContain('secret');
});

test.for([
  ['status=error', 1],
  ['status!=error', 2],
  ['name~=^ap', 3],
  ['name=other', 0],
  ['tag=app', 3],
  ['duration>1s', 3],
  ['startedAt<2026-01-01T00:00:01Z', 1],
  ['startedAt>=2026-01-01T00:00:01Z', 2],
] as const)('TOOL-04 listBuilds() with the filter %s', ([filter, count]) => {
  using store = scratch();
  const day = Date.parse('2026-01-01T00:00:00Z');
  for (const [at, end] of [{ result }, { thrown: new SlipwayError('DF_X', 'x') }, { result }].entries())
    recorded(store, day + at * 1000, end as End);
  expect(listBuilds({ engine: store.engine, filters: [filter] })).toHaveLength(count);
});

test.for(['statos=error', 'status', 'duration>long', 'status<error', 'name~=('])(
  'listBuilds() refuses the filter %s',
  (filter) => {
    using store = scratch();
    expect(() => listBuilds({ engine: store.engine, filters: [filter] })).toThrow(
      expect.objectContaining({ code: 'BUILD_BAD_FILTER' }),
    );
  },
);

test('inspectBuild() finds a build by its ID, by the beginning of it, by ^n, and the latest', () => {
  using store = scratch();
  const [first, second] = [recorded(store, 1000), recorded(store, 100_000_000)];
  const idOf = (ref?: string): string => inspectBuild({ engine: store.engine, ...(ref === undefined ? {} : { ref }) }).id;
  expect([idOf(), idOf('^0'), idOf('^1'), idOf(first), idOf(first.slice(0, 12))]).toEqual([second, second, first, first, first]);
  for (const ref of ['^2', 'nothing', '0']) expect(() => idOf(ref)).toThrow(expect.objectContaining({ code: 'BUILD_NO_BUILD' }));
});

test('buildEvents() gives all that a step said, also when it is more than is kept in memory', async () => {
  using store = scratch();
  const step = 'sha256:aa' as StepId;
  const events: BuildEvent[] = [{ kind: 'step-started', step, name: 'RUN yes', atMs: 0 }];
  for (let at = 0; at < 40; at++)
    events.push({ kind: 'step-log', step, stream: 1, data: Buffer.from(`${at} ${'y'.repeat(100_000)}\n`), atMs: at });
  const id = recorded(store, 1, { result }, events);
  const kept = await eventsOf(buildEvents({ engine: store.engine, ref: id }));
  expect(kept.map(said)).toEqual(events.map(said));
  expect(readdirSync(store.paths.ingest(''))).toEqual([]);
});

test('buildEvents() gives what one step said, and knows which steps there are', async () => {
  using store = scratch();
  const [a, b] = ['sha256:aa' as StepId, 'sha256:bb' as StepId];
  const events: BuildEvent[] = [
    { kind: 'step-started', step: a, name: '[1/2] RUN a', atMs: 0 },
    { kind: 'step-started', step: b, name: '[2/2] RUN b', atMs: 0 },
    { kind: 'step-log', step: a, stream: 1, data: Buffer.from('a\n'), atMs: 1 },
    { kind: 'step-log', step: b, stream: 1, data: Buffer.from('b\n'), atMs: 1 },
    { kind: 'step-done', step: b, atMs: 2 },
  ];
  recorded(store, 1, { result }, events);
  const kept = await eventsOf(buildEvents({ engine: store.engine, step: 'run b' }));
  expect(kept.map(said)).toEqual([events[1], events[3], events[4]].map((event) => said(event as BuildEvent)));
  await expect(eventsOf(buildEvents({ engine: store.engine, step: '3' }))).rejects.toMatchObject({
    code: 'BUILD_NO_STEP',
    hint: expect.stringContaining('`[2/2] RUN b`'),
  });
});

test('a build whose writer is left without an end leaves nothing', () => {
  using store = scratch();
  {
    using writer = createHistoryWriter(store.paths, {}, 0);
    writer.add({ kind: 'step-log', step: 'sha256:aa' as StepId, stream: 1, data: Buffer.alloc(2 << 20), atMs: 0 });
    expect(readdirSync(store.paths.ingest(''))).toHaveLength(1);
  }
  expect(readdirSync(store.paths.ingest(''))).toEqual([]);
  expect(listBuilds({ engine: store.engine })).toEqual([]);
});

test('removeBuilds() forgets what it is told to', () => {
  using store = scratch();
  const [first, second, third] = [recorded(store, 1), recorded(store, 2), recorded(store, 3)];
  expect(removeBuilds({ engine: store.engine, refs: ['^1'] })).toEqual([second]);
  expect(listBuilds({ engine: store.engine }).map(({ id }) => id)).toEqual([third, first]);
  removeBuilds({ engine: store.engine });
  expect(listBuilds({ engine: store.engine })).toEqual([]);
});

test('capHistory() forgets the oldest builds beyond a number, and beyond a size; never the latest', () => {
  using store = scratch();
  for (const id of ['1', '2', '3', '4']) writeFileSync(store.paths.history(id), 'x'.repeat(1000));
  const left = (): string[] => readdirSync(store.paths.history('')).sort();
  capHistory(store.paths, { builds: 3, sizeBytes: 10_000 });
  expect(left()).toEqual(['2', '3', '4']);
  capHistory(store.paths, { builds: 3, sizeBytes: 2500 });
  expect(left()).toEqual(['3', '4']);
  capHistory(store.paths, { builds: 3, sizeBytes: 10 });
  expect(left()).toEqual(['4']);
});
