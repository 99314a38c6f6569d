import { expect, test } from 'vitest';
import type { Entry } from '../layer/index.ts';
import { digestOf } from '../oci/index.ts';
import { compareEntries } from './step-memory.ts';

const file = (path: string, content: string, more: Partial<Entry> = {}): Entry =>
  ({
    type: 'file',
    path,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeSec: 0,
    sizeBytes: content.length,
    digest: digestOf(content),
    ...more,
  }) as Entry;

test('compareEntries() tells changed, added, removed and mode-only paths apart, and ignores times', () => {
  const before = [file('a', '1'), file('b', '1'), file('c', '1'), file('d', '1')];
  const after = [file('a', '2'), file('c', '1', { mode: 0o755 }), file('d', '1', { mtimeSec: 9 }), file('e', '1')];
  expect(compareEntries(before, after)).toEqual({ changed: ['a'], added: ['e'], removed: ['b'], modeOnly: ['c'], total: 4 });
});

test('compareEntries() cuts its lists but counts everything', () => {
  const many = Array.from({ length: 1000 }, (_, index) => file(`f${index}`, '1'));
  const { added, total } = compareEntries([], many);
  expect([added.length, total]).toEqual([200, 1000]);
});
