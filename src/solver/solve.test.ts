import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Semaphore, SlipwayError } from '../base/index.ts';
import type { BuildEvent } from './events.ts';
import { type FakeVertex, FakeWorld } from './fake-world.ts';

/** image ─ base ─ test ; image ─ base ─ app (takes from live) ; other: nobody needs it */
const small: readonly FakeVertex[] = [
  { name: 'image', kind: 'image' },
  { name: 'files', kind: 'live' },
  { name: 'base', kind: 'heavy', inputs: ['image'] },
  { name: 'app', kind: 'light', inputs: ['base', 'files'] },
  { name: 'test', kind: 'heavy', inputs: ['app'] },
  { name: 'elsewhere', kind: 'image' },
  { name: 'other', kind: 'heavy', inputs: ['elsewhere'] },
];

function told(world: FakeWorld): string[] {
  return world.events.map((event) => `${event.kind.replace('step-', '')} ${nameOf(event, world)}`);
}

function nameOf(event: BuildEvent, world: FakeWorld): string {
  if (!('step' in event)) return '';
  return small.find(({ name }) => world.edge(name).vertex === event.step)?.name ?? String(event.step);
}

test('solve() runs what the edge needs and touches nothing else', async () => {
  const world = new FakeWorld(small);
  expect(await world.solve(['app'])).toEqual([world.expected('app')]);
  expect(world.ran.toSorted()).toEqual(['app', 'base', 'files', 'image']);
  expect(world.calls.filter((call) => /other|elsewhere|test/.test(call))).toEqual([]);
});

test('solve() of what is cached runs nothing but live sources and names every step that it spared', async () => {
  const world = new FakeWorld(small);
  await world.solve(['test']);
  const before = world.calls.length;
  world.events.length = 0;
  expect(await world.solve(['test'])).toEqual([world.expected('test')]);
  expect(world.calls.slice(before).filter((call) => call.startsWith('run '))).toEqual(['run files']);
  expect(told(world)).toEqual(['started files', 'done files', 'cached image', 'cached base', 'cached app', 'cached test']);
});

test('solve() tells of each cached step once, though several edges rest on it', async () => {
  const world = new FakeWorld(small);
  await world.solve(['test', 'app']);
  world.events.length = 0;
  const job = world.job();
  await job.solve(world.edge('test'));
  await job.solve(world.edge('app'));
  await job.solve(world.edge('base'));
  expect(told(world).filter((line) => line.startsWith('cached'))).toEqual([
    'cached image',
    'cached base',
    'cached app',
    'cached test',
  ]);
});

test('solve() keys the users of a live source by the content they take', async () => {
  const world = new FakeWorld(small);
  await world.solve(['test']);
  const before = world.ran.length;
  world.sources.set('files', 'changed');
  await world.solve(['test']);
  expect(world.ran.slice(before)).toEqual(['files', 'app', 'test']);
  world.sources.delete('files');
  await world.solve(['test']);
  expect(world.ran.slice(before + 3)).toEqual(['files']);
});

test('solve() cuts off where an upstream that ran again gave the same content', async () => {
  const vertices = small.map((vertex) => (vertex.name === 'base' ? { ...vertex, always: 'the same' } : vertex));
  const world = new FakeWorld(vertices);
  await world.solve(['test']);
  const before = world.ran.length;
  world.sources.set('image', 'a newer one');
  world.events.length = 0;
  const job = world.job();
  await job.solve(world.edge('test'));
  expect(world.ran.slice(before)).toEqual(['files', 'image', 'base']);
  expect([job.outcomes.get(world.edge('app').vertex)?.by, job.outcomes.get(world.edge('test').vertex)?.by]).toEqual([
    'content',
    'content',
  ]);
  world.events.length = 0;
  await world.solve(['test']);
  expect(told(world)).toContain('cached test');
  expect(world.ran.slice(before + 3)).toEqual(['files']);
});

test('solve() runs an op again when the store lost what it was given before', async () => {
  const vertices = small.map((vertex) => (vertex.name === 'base' ? { ...vertex, always: 'the same' } : vertex));
  const world = new FakeWorld(vertices);
  await world.solve(['app']);
  world.sources.set('image', 'a newer one');
  world.loseContents();
  expect(await world.solve(['app'])).toEqual([world.expected('app')]);
  expect(world.ran.filter((name) => name === 'app')).toHaveLength(2);
});

test('solve() runs what must not come from the cache, though its users are known to the cache', async () => {
  const world = new FakeWorld(small);
  await world.solve(['test']);
  const before = world.ran.length;
  const ignored = world.edge('base').vertex;
  const job = world.job({ ignoreCache: ({ digest }) => digest === ignored });
  await job.solve(world.edge('test'));
  expect(world.ran.slice(before).toSorted()).toEqual(['base', 'files']);
  expect(job.outcomes.get(world.edge('test').vertex)?.by).toBe('content');
});

test('solve() takes what an ignored op gave now, not what it gave before', async () => {
  let salt = 1;
  const world = new FakeWorld(small);
  const run = world.runner.run;
  const runner = {
    ...world.runner,
    run: async (...args: Parameters<typeof run>) => {
      const [made] = await run(...args);
      const isBase = args[0].digest === world.edge('base').vertex;
      return [isBase ? { content: `salt ${salt}`, serial: 100 + salt } : (made ?? { content: '', serial: 0 })];
    },
  };
  await world.solve(['test'], { runner });
  salt = 2;
  const before = world.ran.length;
  await world.solve(['test'], { runner, ignoreCache: ({ digest }) => digest === world.edge('base').vertex });
  expect(world.ran.slice(before).toSorted()).toEqual(['app', 'base', 'files', 'test']);
});

test('solve() does once what two vertices mean alike', async () => {
  const world = new FakeWorld([
    { name: 'tag1', kind: 'image' },
    { name: 'tag2', kind: 'image' },
    { name: 'mkdir', kind: 'light', inputs: ['tag1'] },
    { name: 'mkdir again', kind: 'light', inputs: ['tag2'], sameOpAs: 'mkdir' },
    { name: 'both', kind: 'light', inputs: ['mkdir', 'mkdir again'] },
  ]);
  world.sources.set('tag1', 'one image').set('tag2', 'one image');
  await world.solve(['both']);
  expect(world.ran).toHaveLength(3);
});

test('solve() waits for another job that makes the same thing, and takes its result', async () => {
  const world = new FakeWorld(small);
  await Promise.all([world.solve(['base']), world.solve(['base'])]);
  expect(world.ran.filter((name) => name === 'base')).toEqual(['base']);
  expect(world.openLocks).toBe(0);
  const by = world.events.flatMap((event) => (event.kind === 'step-cached' && nameOf(event, world) === 'base' ? event.by : []));
  expect(by).toEqual(['other-build']);
});

test('solve() tells of a failure once, and of the steps that it stopped', async () => {
  let fail = (): void => {};
  const world = new FakeWorld(
    [
      { name: 'bad', kind: 'heavy', fails: true },
      { name: 'slow', kind: 'heavy' },
      { name: 'all', kind: 'light', inputs: ['slow', 'bad'] },
    ],
    (what, signal) => {
      if (what === 'run bad') return new Promise((resolve) => (fail = resolve));
      if (what !== 'run slow') return Promise.resolve();
      queueMicrotask(() => fail());
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('killed'))));
    },
  );
  const error: unknown = await world.solve(['all']).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: 'bad fails' });
  expect(world.events.map(({ kind }) => kind)).toEqual(['step-started', 'step-started', 'step-failed', 'step-cancelled']);
});

test('solve() says why a step runs before it does, so that a failure is explained too', async () => {
  const world = new FakeWorld([{ name: 'bad', kind: 'heavy', fails: true }]);
  const remembered: string[] = [];
  const memory = {
    recall: () => [],
    latest: () => undefined,
    remember: () => void remembered.push('bad'),
    compare: () => undefined,
  };
  await world.solve(['bad'], { memory }).catch(() => undefined);
  expect(world.events).toMatchObject([
    { kind: 'step-started' },
    { kind: 'step-explained', reasons: [{ kind: 'never-built' }] },
    { kind: 'step-failed' },
  ]);
  expect(remembered).toEqual([]);
});

test('solve() tells where looking at what a step takes failed', async () => {
  const world = new FakeWorld(small, async (what) => {
    if (what === 'live app 1') throw new SlipwayError('LAYER_NOT_FOUND', 'no such file');
  });
  await expect(world.solve(['test'])).rejects.toMatchObject({ code: 'LAYER_NOT_FOUND' });
  expect(told(world)).toEqual(['started files', 'done files', 'started app', 'failed app']);
});

test('solve() rejects with the reason for which the caller stopped it', async () => {
  const stop = new AbortController();
  const world = new FakeWorld(small, async (what) => {
    if (what !== 'run base') return;
    stop.abort();
    throw new Error('the process was killed');
  });
  await expect(world.solve(['test'], { signal: stop.signal })).rejects.toMatchObject({ code: 'BUILD_CANCELLED' });
  expect(told(world).at(-1)).toBe('cancelled base');
  const reason = new SlipwayError('CLI_INTERRUPTED', 'Ctrl-C', { class: 'cancelled' });
  await expect(world.solve(['test'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('solve() rejects for an edge that the graph does not have', async () => {
  const world = new FakeWorld(small);
  await expect(world.job().solve({ ...world.edge('app'), output: 3 })).rejects.toMatchObject({ code: 'SOLVE_BAD_GRAPH' });
  await expect(world.job().solve(world.edge('nowhere'))).rejects.toMatchObject({ code: 'SOLVE_BAD_GRAPH' });
});

test('taken() tells what each step took from a live source, whatever else it has', async () => {
  const world = new FakeWorld(small);
  const takenBy = async (): Promise<Record<string, string>> => {
    const job = world.job();
    await job.solve(world.edge('test'));
    const taken = await job.taken();
    return Object.fromEntries(
      small.flatMap(({ name }) => {
        const digest = taken.get(world.edge(name).vertex);
        return digest === undefined ? [] : [[name, digest]];
      }),
    );
  };
  const before = await takenBy();
  expect(Object.keys(before)).toEqual(['app']);
  expect(await takenBy()).toEqual(before);
  world.sources.set('image', 'a newer one');
  expect(await takenBy()).toEqual(before);
  world.sources.set('files', 'changed');
  expect((await takenBy())['app']).not.toBe(before['app']);
});

test('peek() gives what was solved or is cached, and runs nothing', async () => {
  const world = new FakeWorld(small);
  await world.solve(['test']);
  const job = world.job();
  await job.solve(world.edge('test'));
  const before = world.calls.length;
  expect((await job.peek(world.edge('test')))?.content).toBe(world.expected('test'));
  expect((await job.peek(world.edge('base')))?.content).toBe(world.expected('base'));
  expect(await job.peek(world.edge('other'))).toBeUndefined();
  expect(world.calls).toHaveLength(before);
});

test.for<['cold' | 'cached' | 'cut off']>([['cold'], ['cached'], ['cut off']])(
  'solve() of a chain of 10,000 vertices: %s',
  async ([state]) => {
    const chain: FakeVertex[] = [{ name: '0', kind: 'image' }];
    for (let at = 1; at <= 10_000; at++)
      chain.push({ name: String(at), kind: 'light', inputs: [String(at - 1)], ...(at === 1 ? { always: 'x' } : {}) });
    const world = new FakeWorld(chain);
    const nameOf = (digest: string): string => digest;
    if (state !== 'cold') await world.solve(['10000'], { nameOf });
    if (state === 'cut off') world.sources.set('0', 'another');
    const before = world.ran.length;
    expect(await world.solve(['10000'], { nameOf })).toEqual([world.expected('10000')]);
    expect(world.ran.slice(before)).toHaveLength({ cold: 10_001, cached: 0, 'cut off': 2 }[state]);
  },
);

// Random graphs, each piece of work ending in a random order.

const graphs: fc.Arbitrary<FakeVertex[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom<FakeVertex['kind'][]>('heavy', 'heavy', 'light', 'light', 'image', 'live'),
      inputs: fc.array(fc.nat(), { maxLength: 3 }),
      isConstant: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) =>
    list.map(({ kind, inputs, isConstant }, at): FakeVertex => {
      const name = `v${at}`;
      if (at === 0 || kind === 'image' || kind === 'live') return { name, kind: kind === 'live' ? 'live' : 'image' };
      return { name, kind, inputs: inputs.map((input) => `v${input % at}`), ...(isConstant ? { always: `constant ${at}` } : {}) };
    }),
  );

/** Everything below the last vertices; a live source cannot be solved for. */
function targetsOf(vertices: readonly FakeVertex[]): string[] {
  const targets = vertices.filter(({ kind }) => kind !== 'live').slice(-2);
  return targets.map(({ name }) => name);
}

function neededBy(targets: readonly string[], vertices: readonly FakeVertex[]): Set<string> {
  const needed = new Set(targets);
  for (const { name, inputs } of [...vertices].reverse())
    if (needed.has(name)) for (const input of inputs ?? []) needed.add(input);
  return needed;
}

function changeSources(world: FakeWorld, vertices: readonly FakeVertex[], changed: readonly number[]): void {
  const sources = vertices.filter(({ kind }) => kind === 'image' || kind === 'live');
  for (const at of changed) {
    const source = sources[at % sources.length];
    if (source !== undefined) world.sources.set(source.name, `${source.name} changed ${at}`);
  }
}

test('solve() of random graphs runs each vertex at most once, and a cached solve equals a cold one', async () => {
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
      fc.scheduler(),
      async (vertices, changed, scheduler) => {
        const world = new FakeWorld(vertices, (what) => scheduler.schedule(Promise.resolve(), what));
        const targets = targetsOf(vertices);
        const needed = neededBy(targets, vertices);
        for (const round of [[], [], changed, []]) {
          changeSources(world, vertices, round);
          const before = world.ran.length;
          const slots = new Semaphore(2);
          const contents = await scheduler.waitFor(world.solve(targets, { slots }));
          expect(contents).toEqual(targets.map((name) => world.expected(name)));
          const ran = world.ran.slice(before);
          expect(new Set(ran).size).toBe(ran.length);
          expect(ran.filter((name) => !needed.has(name))).toEqual([]);
          if (round.length === 0 && before > 0)
            expect(ran.filter((name) => vertices.find((each) => each.name === name)?.kind !== 'live')).toEqual([]);
          expect([world.underWay, world.openLocks]).toEqual([0, 0]);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('solve() of random graphs leaves nothing under way or held when something fails or the caller stops it', async () => {
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.option(fc.nat({ max: 15 })),
      fc.scheduler(),
      async (vertices, bad, abortAt, scheduler) => {
        const failing = new Set(bad.map((at) => `v${at % vertices.length}`));
        const stop = new AbortController();
        let step = 0;
        const world = new FakeWorld(
          vertices.map((vertex) => ({ ...vertex, fails: failing.has(vertex.name) })),
          (what) => {
            if (step++ === abortAt) stop.abort();
            return scheduler.schedule(Promise.resolve(), what);
          },
        );
        const slots = new Semaphore(2);
        const targets = targetsOf(vertices);
        const job = world.job({ slots, signal: stop.signal });
        let left: number[] = [];
        const solves = targets.map((name) =>
          job.solve(world.edge(name)).then(
            ({ content }) => ({ content, name }),
            (error: unknown) => {
              left = [world.underWay, world.openLocks];
              return { error };
            },
          ),
        );
        const ends = await scheduler.waitFor(Promise.all(solves));
        const calls = world.calls.length;
        await scheduler.waitIdle();
        expect(world.calls).toHaveLength(calls);
        const errors = ends.flatMap((end) => ('error' in end ? [end.error] : []));
        for (const end of ends) if ('content' in end) expect(end.content).toBe(world.expected(end.name));
        const mustFail = [...neededBy(targets, vertices)].some((name) => failing.has(name));
        if (stop.signal.aborted && errors.length > 0 && !mustFail) expect(errors[0]).toMatchObject({ code: 'BUILD_CANCELLED' });
        if (mustFail) expect(errors.length).toBeGreaterThan(0);
        if (!mustFail && !stop.signal.aborted) expect(errors).toEqual([]);
        if (errors.length === 0) return;
        failures += 1;
        expect(new Set(errors).size).toBe(1);
        expect(left).toEqual([0, 0]);
        const free = await Promise.all([slots.acquire(AbortSignal.timeout(1000)), slots.acquire(AbortSignal.timeout(1000))]);
        expect(free).toHaveLength(2);
      },
    ),
    { numRuns: 500 },
  );
  expect(failures).toBeGreaterThan(50);
});
