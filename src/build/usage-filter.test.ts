import { expect, test } from 'vitest';
import type { UsageRow } from '../store/index.ts';
import { parseUsageFilters } from './usage-filter.ts';

const hour = 3_600_000;
const row: UsageRow = {
  id: 'abcdef0123',
  kind: 'cache-mount',
  place: '',
  description: 'cache mount /root/.npm',
  sizeBytes: 1,
  images: [],
  isShared: false,
  isReclaimable: true,
  isInUse: false,
  needsAll: true,
  isMutable: true,
  createdAtMs: 0,
  usedAtMs: 90 * hour,
  parents: ['p1'],
};

test.for([
  ['until=24h', false],
  ['until=9h', true],
  ['until=30m', true],
  ['until=9h30m', true],
  ['until=1d', false],
  ['type=exec.cachemount', true],
  ['type=regular', false],
  ['type!=regular', true],
  ['id=abcdef', true],
  ['id=bcdef0', false],
  ['id=abcde', false],
  ['description~=npm$', true],
  ['description~=^npm', false],
  ['parents=p1', true],
  ['shared', false],
  ['private', true],
  ['mutable=true', true],
  ['immutable', false],
  ['inuse=false', true],
] as const)('SEM-26 parseUsageFilters() of %s', ([filter, wanted]) => {
  expect(parseUsageFilters([filter], 100 * hour)(row)).toBe(wanted);
});

test('parseUsageFilters() wants all of them', () => {
  expect(parseUsageFilters(['private', 'until=1h'], 100 * hour)(row)).toBe(true);
  expect(parseUsageFilters(['private', 'until=24h'], 100 * hour)(row)).toBe(false);
  expect(parseUsageFilters([], 0)(row)).toBe(true);
});

test.for(['typo=1', 'until=soon', 'until!=24h', 'until', 'id~=(', '=x'])('parseUsageFilters() refuses %s', (filter) => {
  expect(() => parseUsageFilters([filter], 0)).toThrow(expect.objectContaining({ code: 'BUILD_BAD_FILTER' }));
});
