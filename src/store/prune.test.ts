import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LayerId } from '../layer/index.ts';
import type { Digest } from '../oci/index.ts';
import { createLease } from './lease.ts';
import { prune, type PruneOptions } from './prune.ts';
import { type SampleStore, sampleStore } from './sample-store.ts';
import { openStore } from './store.ts';
import { listUsage } from './usage.ts';
import { verifyStore } from './verify.ts';

const { signal } = new AbortController();

async function pruned({ store }: SampleStore, options: Partial<PruneOptions> = {}): Promise<readonly string[]> {
  const { removed, freedBytes } = await prune(store, { nowMs: Date.now(), signal, ...options });
  expect(freedBytes).toBe(removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const fresh = openStore(store.paths.root);
  expect(await verifyStore(fresh, { signal })).toEqual([]);
  if (options.dryRun !== true) for (const { place } of removed) expect(existsSync(place), place).toBe(false);
  expect(readdirSync(store.paths.ingest('')).filter((name) => !name.includes('lease'))).toEqual([]);
  return removed.map(({ id }) => id).sort();
}

function isThere({ store }: SampleStore, id: LayerId): boolean {
  const parts = [store.paths.record('layer', id), store.paths.layerHome(id), store.paths.layerIndex(id)].map((path) =>
    existsSync(path),
  );
  expect(new Set(parts).size).toBe(1);
  return parts[0] === true;
}

test('prune() takes cached steps that no image needs, with their records, directories and indexes', async () => {
  using sample = sampleStore();
  const [a, b] = [sample.layer('a'), sample.layer('b')];
  const [keyA, keyB] = [sample.key('make a', [a]), sample.key('make b', [b])];
  sample.image('docker.io/library/app:1', [a]);
  sample.age();
  expect(await pruned(sample)).toEqual([b]);
  expect([isThere(sample, a), isThere(sample, b)]).toEqual([true, false]);
  expect(sample.store.records.read('key', keyA)).toBeDefined();
  expect(sample.store.records.read('key', keyB)).toBeUndefined();
});

test('prune() keeps layers that layers of images draw bytes from', async () => {
  using sample = sampleStore();
  const deepest = sample.layer('deepest');
  const source = sample.layer('source', { refs: [deepest] });
  const taken = sample.layer('taken', { refs: [source] });
  const other = sample.layer('other', { refs: [source] });
  sample.key('copy', [other]);
  sample.image('docker.io/library/app:1', [taken]);
  sample.age();
  expect(await pruned(sample, { all: true })).toEqual([other]);
  expect([deepest, source, taken].every((id) => isThere(sample, id))).toBe(true);
});

test('prune() takes what draws bytes before what these are drawn from', async () => {
  using sample = sampleStore();
  const source = sample.layer('source');
  const taken = sample.layer('taken', { refs: [source] });
  sample.key('make', [source]);
  sample.key('copy', [taken]);
  sample.age();
  expect(await pruned(sample)).toEqual([source, taken].sort());
});

test('prune() without `all` leaves base images, cache mounts and digests of contexts', async () => {
  using sample = sampleStore();
  const base = sample.pulled('base');
  sample.tag('docker.io/library/base:1', [base.diffId]);
  const step = sample.layer('step');
  sample.key('make', [base.id, step]);
  sample.mount('m');
  writeFileSync(sample.store.paths.statCache('s'), 'stat');
  sample.age();
  expect(await pruned(sample)).toEqual([step]);
  const rest = await pruned(sample, { all: true });
  expect(rest).toEqual(expect.arrayContaining([base.id, 'm', 's']));
  expect(listUsage(openStore(sample.store.paths.root), Date.now()).rows.map(({ kind }) => kind)).toEqual(['bookkeeping']);
  expect(readdirSync(`${sample.store.paths.root}/blobs/sha256`)).toEqual([]);
});

test('SEM-26 prune() takes only what the filter wants', async () => {
  using sample = sampleStore();
  const [a, b] = [sample.layer('a'), sample.layer('b')];
  sample.key('make a', [a]);
  sample.key('make b', [b]);
  sample.mount('m');
  sample.age();
  expect(await pruned(sample, { all: true, wants: ({ kind }) => kind === 'cache-mount' })).toEqual(['m']);
  expect(await pruned(sample, { wants: ({ id }) => id === b })).toEqual([b]);
  expect(isThere(sample, a)).toBe(true);
});

test('prune() of a layer takes what was built upon it too: no record is left that names it', async () => {
  using sample = sampleStore();
  const [below, above] = [sample.layer('below'), sample.layer('above')];
  const key = sample.key('make below', [below]);
  sample.key('make above', [below, above], [key]);
  sample.age();
  expect(await pruned(sample, { wants: ({ id }) => id === below })).toEqual([above, below].sort());
});

test('prune() of a candidate record leaves the runs that name nothing that goes', async () => {
  using sample = sampleStore();
  const [a, b, c] = [sample.layer('a'), sample.layer('b'), sample.layer('c')];
  sample.image('docker.io/library/app:1', [a, b]);
  const key = sample.candidate('op', [
    { input: [a], result: [b] },
    { input: [a], result: [c] },
  ]);
  sample.age();
  expect(await pruned(sample)).toEqual([c]);
  expect(sample.store.records.read('candidate', key)).toEqual([
    expect.objectContaining({ results: [{ kind: 'snapshot', layers: [b] }] }),
  ]);
});

test('prune() with a limit takes the least recently used first, and stops', async () => {
  using sample = sampleStore();
  const text = 'x'.repeat(100_000);
  const layers = ['old', 'older', 'new'].map((name) => sample.layer(name, { text }));
  const [old, older, fresh] = layers as [LayerId, LayerId, LayerId];
  const keys = [sample.key('old', [old]), sample.key('older', [older]), sample.key('new', [fresh])] as const;
  sample.age(100);
  sample.ageRecord('key', keys[0], 5);
  sample.ageRecord('key', keys[1], 9);
  sample.ageRecord('key', keys[2], 2);
  expect(await pruned(sample, { keepBytes: () => 250_000 })).toEqual([older]);
  expect(await pruned(sample, { keepBytes: () => 250_000 })).toEqual([]);
  expect(await pruned(sample, { keepBytes: (usedBytes) => usedBytes - 1 })).toEqual([old]);
  expect(isThere(sample, fresh)).toBe(true);
});

test('a use of a result counts for what it was made from', () => {
  using sample = sampleStore();
  const [a, b] = [sample.layer('a'), sample.layer('b')];
  const made = sample.key('make a', [a]);
  const copied = sample.key('copy from a', [b], [made]);
  sample.age(50);
  sample.ageRecord('key', copied, 1);
  const used = new Map(listUsage(sample.store, Date.now()).rows.map((row) => [row.id, row.usedAtMs]));
  expect(used.get(a)).toBe(used.get(b));
  expect(Date.now() - (used.get(a) ?? 0)).toBeLessThan(2 * 3_600_000);
});

test('SEM-26 prune() takes nothing that was used or made since the oldest living build began', async () => {
  using sample = sampleStore();
  const [used, unused, made] = [sample.layer('used'), sample.layer('unused'), sample.layer('made')];
  const key = sample.key('make used', [used]);
  sample.key('make unused', [unused]);
  sample.mount('m');
  sample.age();
  using lease = createLease(sample.store.paths);
  expect(existsSync(lease.path)).toBe(true);
  sample.store.records.touch('key', key);
  sample.store.records.touch('layer', made);
  sample.store.records.touch('mount', 'm');
  expect(await pruned(sample, { all: true })).toEqual([unused]);
  expect([used, made].every((id) => isThere(sample, id))).toBe(true);
  lease[Symbol.dispose]();
  sample.age();
  expect(await pruned(sample, { all: true })).toEqual([made, 'm', used].sort());
});

test('a living build keeps the image it began from, though its name was taken away since', async () => {
  using sample = sampleStore();
  const base = sample.pulled('base');
  const manifest: Digest = sample.tag('docker.io/library/base:1', [base.diffId]);
  sample.age();
  using lease = createLease(sample.store.paths);
  sample.store.blobs.use(manifest);
  for (const key of sample.store.records.list('resolved')) sample.store.records.remove('resolved', key);
  expect(await pruned(sample, { all: true })).toEqual([]);
  expect(existsSync(sample.store.paths.record('layer', base.id))).toBe(true);
  expect(existsSync(sample.store.paths.blob(base.diffId))).toBe(true);
  lease[Symbol.dispose]();
});

test('the lease of a dead process keeps nothing', async () => {
  using sample = sampleStore();
  const step = sample.layer('step');
  const key = sample.key('make', [step]);
  sample.age();
  const space = /\d+$/.exec(createName(sample))?.[0] ?? '0';
  writeFileSync(sample.store.paths.ingest(`999999999-1-${space}-lease-00`), '');
  sample.store.records.touch('key', key);
  sample.ageRecord('key', key, 0.01);
  const { removed } = await prune(sample.store, { nowMs: Date.now(), signal });
  expect(removed.map(({ id }) => id)).toEqual([step]);
});

function createName({ store }: SampleStore): string {
  using lease = createLease(store.paths);
  return /(\d+-\d+-\d+)-lease/.exec(lease.path)?.[1] ?? '';
}

test('prune() with `dryRun` says what would go and touches nothing', async () => {
  using sample = sampleStore();
  const step = sample.layer('step');
  sample.key('make', [step]);
  sample.age();
  expect(await pruned(sample, { dryRun: true })).toEqual([step]);
  expect(isThere(sample, step)).toBe(true);
});

test('two prunes at once leave what one leaves', async () => {
  using sample = sampleStore();
  const layers = ['a', 'b', 'c'].map((name) => sample.layer(name));
  for (const layer of layers) sample.key(`make ${layer}`, [layer]);
  sample.age();
  const other = openStore(sample.store.paths.root);
  const reports = await Promise.all([sample.store, other].map((store) => prune(store, { nowMs: Date.now(), signal })));
  expect(reports.flatMap(({ removed }) => removed.map(({ id }) => id)).sort()).toEqual([...layers].sort());
});

test('prune() clears away records that name what is not there, and things that nothing names', async () => {
  using sample = sampleStore();
  const step = sample.layer('step');
  const key = sample.key('make', [step]);
  const orphan = sample.layer('orphan');
  sample.age();
  sample.store.records.remove('layer', step);
  sample.store.records.remove('layer', orphan);
  const fresh = openStore(sample.store.paths.root);
  await prune(fresh, { nowMs: Date.now(), signal });
  expect(fresh.records.read('key', key)).toBeUndefined();
  expect(readdirSync(`${fresh.paths.root}/layers`)).toEqual([]);
  expect(readdirSync(`${fresh.paths.root}/index`)).toEqual([]);
});
