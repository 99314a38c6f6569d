import { expect, test } from 'vitest';
import { HostFailure } from './failure.ts';
import { Backoff, defaultTuning, parseRetryAfter } from './tuning.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

test.for([
  ['3', 3000],
  [' 0 ', 0],
  ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
] as const)('REG-09 parseRetryAfter(%s) is %s', ([value, want]) => {
  expect(parseRetryAfter(value, now)).toBe(want);
});

const backoffWaits = async (failure: HostFailure): Promise<number[]> => {
  const waits: number[] = [];
  const backoff = new Backoff({ ...defaultTuning, sleep: async (ms) => void waits.push(ms) });
  const { signal } = new AbortController();
  while (await backoff.wait(failure, signal)) expect(waits.length).toBeLessThan(100);
  return waits;
};

test('REG-09 Backoff doubles its waits and gives up', async () => {
  expect(await backoffWaits(new HostFailure('REG_X', '', { transient: true }))).toEqual([1000, 2000, 4000, 8000, 16_000]);
});

test('REG-09 Backoff waits as the server asks, within a limit', async () => {
  expect(await backoffWaits(new HostFailure('REG_X', '', { transient: true, retryAfterMs: 7 }))).toEqual([7, 7, 7, 7, 7]);
  expect(await backoffWaits(new HostFailure('REG_X', '', { transient: true, retryAfterMs: 3_600_000 }))).toEqual([]);
});

test('Backoff counts a timeout twice and never repeats what cannot pass', async () => {
  expect(await backoffWaits(new HostFailure('REG_X', '', { transient: true, timedOut: true }))).toEqual([1000, 2000]);
  expect(await backoffWaits(new HostFailure('REG_X', '', {}))).toEqual([]);
});
