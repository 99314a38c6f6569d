import { expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, fakeResult } from '../fake-world.ts';
import type { BuildEvent, BuildRecord, DiskUsage, PruneOptions, StepId } from '../ports.ts';

const usage: DiskUsage = {
  records: [
    {
      id: 'aaaaaaaaaaaa',
      kind: 'step',
      type: 'regular',
      description: 'RUN make',
      sizeBytes: 12_340_000,
      images: [],
      parents: ['p'],
      reclaimable: true,
      shared: false,
      mutable: false,
      inUse: false,
      createdAt: '1969-12-31T00:00:00.000Z',
      lastUsedAt: '1969-12-31T22:00:00.000Z',
    },
    {
      id: 'bbbbbbbbbbbb',
      kind: 'step',
      type: 'regular',
      description: 'COPY . /',
      sizeBytes: 1000,
      images: ['app:1', 'app:2'],
      parents: [],
      reclaimable: false,
      shared: true,
      mutable: false,
      inUse: false,
      createdAt: '1969-12-31T00:00:00.000Z',
      lastUsedAt: '1969-12-31T23:59:59.000Z',
    },
  ],
  totalBytes: 12_341_000,
  sharedBytes: 1000,
  reclaimableBytes: 12_340_000,
};

test('SEM-25 `slipway du` prints a row for each thing, and sums', async () => {
  const world = createFakeWorld({ library: { diskUsage: () => Promise.resolve(usage) } });
  expect(await runCli(['du'], world)).toBe(0);
  expect(world.stdout()).toBe(`ID             RECLAIMABLE   SIZE      LAST ACCESSED
aaaaaaaaaaaa   true          12.34MB   2 hours ago
bbbbbbbbbbbb   false         1.00kB*   a second ago
Shared:       1.00kB
Private:      12.34MB
Reclaimable:  12.34MB
Total:        12.34MB

IMAGE   SIZE     ITS OWN
app:1   1.00kB   0B
app:2   1.00kB   0B

WHAT             COUNT   SIZE      RECLAIMABLE
images           1       1.00kB    0B
cache of steps   1       12.34MB   12.34MB
`);
});

test('`slipway du --verbose` prints a block for each thing', async () => {
  const world = createFakeWorld({ library: { diskUsage: () => Promise.resolve(usage) } });
  await runCli(['du', '--verbose'], world);
  expect(world.stdout()).toContain('Description:  RUN make\nLast used:    2 hours ago\nType:         regular\n');
  expect(world.stdout()).toContain('Images:       app:1, app:2\n');
});

test('`slipway du --verify` names what is broken and fails', async () => {
  const broken = createFakeWorld({
    library: { verifyStore: () => Promise.resolve([{ path: 'records/key/a', message: 'its checksum does not hold' }]) },
  });
  expect(await runCli(['du', '--verify'], broken)).toBe(100);
  expect(broken.stdout()).toBe('records/key/a: its checksum does not hold\n');
  const whole = createFakeWorld({ library: { verifyStore: () => Promise.resolve([]) } });
  expect(await runCli(['du', '--verify'], whole)).toBe(0);
  expect(whole.stdout()).toBe('');
});

test.for([
  [[], {}],
  [['--all', '--filter', 'until=24h'], { all: true, filters: ['until=24h'] }],
  [['--keep-storage', '10GB'], { reservedBytes: 10e9 }],
  [
    ['--reserved-space', '1k', '--max-used-space', '2k', '--min-free-space', '3k'],
    { reservedBytes: 1024, maxUsedBytes: 2048, minFreeBytes: 3072 },
  ],
  [['--dry-run'], { dryRun: true }],
] as const)('SEM-25 `slipway prune` with %j', async ([args, wanted]) => {
  const asked: PruneOptions[] = [];
  const pruneStore = (options: PruneOptions): Promise<DiskUsage> => {
    asked.push(options);
    return Promise.resolve(usage);
  };
  const world = createFakeWorld({ library: { pruneStore }, stdin: '' });
  expect(await runCli(['prune', ...args], world)).toBe(0);
  expect(asked).toMatchObject([wanted]);
  expect(world.stdout()).toMatch(/^(Total|Would free): +12.34MB\n$/m);
});

test.for([
  ['n\n', 0],
  ['\n', 0],
  ['', 0],
  ['y\n', 1],
  ['YES\n', 1],
] as const)('`slipway prune` on a terminal, where the answer is %j', async ([answer, calls]) => {
  let count = 0;
  const pruneStore = (): Promise<DiskUsage> => {
    count += 1;
    return Promise.resolve(usage);
  };
  const world = createFakeWorld({ library: { pruneStore }, stdin: answer });
  const stdin = { ...world.io.stdin, isTerminal: true };
  expect(await runCli(['prune'], { ...world, io: { ...world.io, stdin } })).toBe(0);
  expect(count).toBe(calls);
  expect(world.stderr()).toContain('WARNING! This will remove all dangling build cache. Are you sure you want to continue?');
});

test('`slipway build` takes its cache limit from the flag, then from the variable', async () => {
  const world = createFakeWorld({ env: { SLIPWAY_CACHE_LIMIT: '5GB' } });
  await runCli(['build', '.'], world);
  await runCli(['build', '--cache-limit', '1GiB', '.'], world);
  expect(world.builds.map(({ cacheLimitBytes }) => cacheLimitBytes)).toEqual([5e9, 1024 ** 3]);
  expect(await runCli(['build', '--cache-limit', 'much', '.'], world)).toBe(2);
});

test('`slipway build` says in one line what it freed', async () => {
  const world = createFakeWorld({
    library: { build: () => Promise.resolve({ ...fakeResult, freed: { count: 3, sizeBytes: 1_200_000 } }) },
  });
  await runCli(['build', '--progress', 'plain', '.'], world);
  expect(world.stderr()).toContain('\nfreed 1.20MB: 3 things, least recently used, to keep the cache within its limit\n');
});

const failed: BuildRecord = {
  id: '0abc',
  name: 'app (release)',
  status: 'error',
  startedAt: '1969-12-31T23:00:00.000Z',
  durationMs: 65_000,
  context: '/src/app',
  target: 'release',
  buildArgs: ['VERSION'],
  tags: ['app'],
  steps: { total: 4, cached: 3, ran: 1 },
  warnings: 0,
  error: {
    code: 'STEP_FAILED',
    class: 'step',
    message: 'process "make" did not complete successfully: exit code: 2',
    step: '[2/3] RUN make',
    logTail: 'no rule',
  },
};

test('TOOL-04 `slipway history` lists builds', async () => {
  const world = createFakeWorld({ library: { listBuilds: () => Promise.resolve([failed]) } });
  expect(await runCli(['history'], world)).toBe(0);
  expect(world.stdout()).toBe(
    'BUILD ID   NAME            STATUS   CREATED AT    DURATION\n0abc       app (release)   Error    an hour ago   1m05s\n',
  );
});

test('TOOL-04 `slipway history inspect` shows how a build failed', async () => {
  const world = createFakeWorld({ library: { inspectBuild: () => Promise.resolve(failed) } });
  expect(await runCli(['history', 'inspect', '^1'], world)).toBe(0);
  expect(world.stdout()).toContain('Build steps:  4 (75% cached)\nStatus:       Error\n');
  expect(world.stdout()).toContain(
    'Error:  STEP_FAILED: process "make" did not complete successfully: exit code: 2\nStep:   [2/3] RUN make\n\nno rule\n',
  );
});

test('TOOL-04 `slipway history logs` prints what the build printed', async () => {
  const step = 'sha256:aa' as StepId;
  async function* buildEvents(): AsyncGenerator<BuildEvent> {
    yield await Promise.resolve({ kind: 'step-started', step, name: '[2/3] RUN make', atMs: 0 });
    yield { kind: 'step-log', step, stream: 1, data: Buffer.from('compiling\n'), atMs: 500 };
    yield { kind: 'step-done', step, atMs: 12_000 };
  }
  const world = createFakeWorld({ library: { inspectBuild: () => Promise.resolve(failed), buildEvents } });
  expect(await runCli(['history', 'logs'], world)).toBe(0);
  expect(world.stdout()).toBe('#1 [2/3] RUN make\n#1 0.500 compiling\n#1 DONE 12.0s\n');
});

test('TOOL-04 `slipway history rm` wants to know which', async () => {
  const world = createFakeWorld({ library: { removeBuilds: ({ refs }) => Promise.resolve(refs ?? ['all']) } });
  expect(await runCli(['history', 'rm'], world)).toBe(2);
  expect(await runCli(['history', 'rm', '--all', 'x'], world)).toBe(2);
  expect(await runCli(['history', 'rm', 'a', 'b'], world)).toBe(0);
  expect(await runCli(['history', 'rm', '--all'], world)).toBe(0);
  expect(world.stdout()).toBe('a\nb\nall\n');
});
