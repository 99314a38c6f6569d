import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../oci/index.ts';
import { scratchStore } from '../store/scratch-store.ts';
import { openStatCache } from './stat-cache.ts';

const now = 1_800_000_000_000;
const stats = { dev: 1, ino: 2, size: 3, mtimeMs: now - 5000, ctimeMs: now - 5000, mode: 0o100644 } as Stats;
const digest = digestOf('content');

test.for<[field: keyof Stats, value: number]>([
  ['dev', 9],
  ['ino', 9],
  ['size', 9],
  ['mtimeMs', now - 4999.5],
  ['ctimeMs', now - 4999.5],
  ['mode', 0o100755],
])('get() knows nothing of a file whose %s changed', ([field, value]) => {
  using scratch = scratchStore();
  const cache = openStatCache(scratch.store, '/context');
  expect(cache.set('f', stats, digest, now)).toBe(true);
  expect(cache.get('f', stats)).toBe(digest);
  expect(cache.get('f', { ...stats, [field]: value } as Stats)).toBeUndefined();
  expect(cache.get('g', stats)).toBeUndefined();
});

test.for<[what: string, times: Partial<Stats>, isKept: boolean]>([
  ['changed long before it was read', {}, true],
  ['written in the tick in which it was read', { mtimeMs: now - 1 }, false],
  ['renamed in the tick in which it was read', { ctimeMs: now - 1 }, false],
  ['from the future', { mtimeMs: now + 60_000 }, false],
])('set() of a file %s', ([, times, isKept]) => {
  using scratch = scratchStore();
  const cache = openStatCache(scratch.store, '/context');
  const young = { ...stats, ...times } as Stats;
  expect(cache.set('f', young, digest, now)).toBe(isKept);
  expect(cache.get('f', young)).toBe(isKept ? digest : undefined);
});

test('save() keeps the digests for the next build of this directory, and of no other', () => {
  using scratch = scratchStore();
  const cache = openStatCache(scratch.store, '/context');
  const names = ['f', 'new\nline', 'd/é', 'odd\udcfe', 'odd\udcff'];
  for (const name of names) cache.set(name, stats, digestOf(name), now);
  cache.save();
  const again = openStatCache(scratch.reopen(), '/context');
  for (const name of names) expect(again.get(name, stats)).toBe(digestOf(name));
  expect(openStatCache(scratch.store, '/other').get('f', stats)).toBeUndefined();
});

test('save() writes nothing when nothing changed', () => {
  using scratch = scratchStore();
  const folder = scratch.store.paths.statCache('');
  openStatCache(scratch.store, '/context').save();
  expect(readdirSync(folder)).toEqual([]);
  const cache = openStatCache(scratch.store, '/context');
  cache.set('f', stats, digest, now);
  cache.save();
  const path = join(folder, readdirSync(folder)[0] ?? '');
  const { ino } = statSync(path);
  const again = openStatCache(scratch.store, '/context');
  again.get('f', stats);
  again.save();
  expect(statSync(path).ino).toBe(ino);
});

test('save() forgets files that builds no longer ask for, once they are the most', () => {
  using scratch = scratchStore();
  const folder = scratch.store.paths.statCache('');
  for (let build = 0; build < 5; build++) {
    const cache = openStatCache(scratch.store, '/context');
    for (let file = 0; file < 800; file++) cache.set(`bundle.${build}.${file}.js`, stats, digest, now);
    cache.save();
  }
  const lines = readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8').split('bundle.').length - 1;
  expect(lines).toBeLessThanOrEqual(2 * 800 + 1000);
  expect(openStatCache(scratch.store, '/context').get('bundle.4.0.js', stats)).toBe(digest);
});
