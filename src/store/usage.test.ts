import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDiskMeter } from './disk.ts';
import { createLease } from './lease.ts';
import { sampleStore } from './sample-store.ts';
import { listUsage } from './usage.ts';
import type { UsageRow } from './usage-row.ts';

function byId(rows: readonly UsageRow[]): ReadonlyMap<string, UsageRow> {
  return new Map(rows.map((row) => [row.id, row]));
}

test('SEM-25 listUsage() names each layer once: who needs it, whether it may go, what made it', () => {
  using sample = sampleStore();
  const base = sample.pulled('base');
  sample.tag('docker.io/library/base:1', [base.diffId]);
  const [both, one, none] = [sample.layer('both'), sample.layer('one'), sample.layer('none', { refs: [base.id] })];
  sample.key('make none', [base.id, none]);
  sample.image('docker.io/library/app:1', [both, one]);
  sample.image('docker.io/library/other:1', [both]);
  sample.mount('m');
  sample.age();
  const rows = byId(listUsage(sample.store, Date.now()).rows);
  expect(rows.get(both)).toMatchObject({ kind: 'step', images: ['app:1', 'other:1'], isShared: true, isReclaimable: false });
  expect(rows.get(one)).toMatchObject({ images: ['app:1'], isShared: false, isReclaimable: false });
  expect(rows.get(none)).toMatchObject({
    images: [],
    isReclaimable: true,
    needsAll: false,
    description: 'RUN make none',
    parents: [base.id],
  });
  expect(rows.get(base.id)).toMatchObject({
    kind: 'base',
    description: 'pulled from base:1',
    isReclaimable: true,
    needsAll: true,
  });
  expect(rows.get('m')).toMatchObject({ kind: 'cache-mount', description: 'cache mount /m', isMutable: true, needsAll: true });
  expect(rows.get('m')?.sizeBytes).toBeGreaterThanOrEqual(10_000);
});

test('listUsage() counts every byte of the store once', () => {
  using sample = sampleStore();
  const [a, b] = [sample.layer('a', { text: 'x'.repeat(50_000) }), sample.layer('b')];
  // b's directory has a's file under a second name, as a graft makes it.
  linkSync(`${sample.store.paths.layerDirectory(a)}/own`, `${sample.store.paths.layerDirectory(b)}/from-a`);
  sample.image('docker.io/library/app:1', [a, b]);
  mkdirSync(sample.store.paths.ingest('1-2-3-half'));
  writeFileSync(`${sample.store.paths.ingest('1-2-3-half')}/blob`, 'x'.repeat(9000));
  const rows = listUsage(sample.store, Date.now()).rows;
  const { root } = sample.store.paths;
  const whole = createDiskMeter();
  const parts = [
    'blobs',
    'layers',
    'index',
    'records',
    'lock',
    'history',
    'cache-mounts',
    'stat',
    'ingest',
    'index.json',
    'oci-layout',
  ];
  const onDisk = parts.reduce((sum, name) => sum + whole.add(`${root}/${name}`), 0);
  const folders = createDiskMeter();
  const empty = ['blobs', 'blobs/sha256', 'layers', 'index', 'cache-mounts', 'stat', 'ingest'];
  mkdirSync(`${root}/empty`);
  const counted = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  expect(counted).toBe(onDisk - empty.length * folders.add(`${root}/empty`));
});

test('createDiskMeter() counts allocated blocks, a hard link once, and nothing twice', () => {
  using sample = sampleStore();
  const folder = `${sample.store.paths.root}/meter`;
  mkdirSync(folder);
  const empty = createDiskMeter().add(folder);
  writeFileSync(`${folder}/a`, 'x'.repeat(10_000));
  const meter = createDiskMeter();
  const size = meter.add(folder);
  expect(size - empty).toBeGreaterThanOrEqual(10_000);
  expect((size - empty) % 512).toBe(0);
  expect(meter.add(folder)).toBe(0);
  linkSync(`${folder}/a`, `${folder}/b`);
  expect(createDiskMeter().add(folder)).toBe(size);
  expect(createDiskMeter().add(`${folder}/none`)).toBe(0);
});

test('what a living build has used is in use', () => {
  using sample = sampleStore();
  const [a, b] = [sample.layer('a'), sample.layer('b')];
  const key = sample.key('make a', [a]);
  sample.key('make b', [b]);
  sample.age();
  sample.store.records.touch('key', key);
  using _lease = createLease(sample.store.paths);
  const rows = byId(listUsage(sample.store, Date.now()).rows);
  expect([rows.get(a)?.isInUse, rows.get(b)?.isInUse]).toEqual([true, false]);
});
