import { expect, test } from 'vitest';
import { checkLimits } from './limits.ts';

test.for([
  [{ memoryBytes: 1 << 20 }, 'a memory limit of 1.05MB is too small to start anything'],
  [{ memorySwapBytes: 1 << 30 }, 'a limit of swap needs one of memory'],
  [{ memoryBytes: 2 << 29, memorySwapBytes: 1 << 29 }, 'the limit of swap is less than that of memory'],
  [{ cpuShares: 1 }, 'cpu-shares of 1 are out of range'],
  [{ cpuPeriodUs: 5 }, 'a cpu-period of 5 µs is out of range'],
  [{ cpuQuotaUs: 10 }, 'a cpu-quota of 10 µs is too small'],
] as const)('CLI-05 checkLimits() refuses %j', ([limits, message]) => {
  expect(() => checkLimits(limits)).toThrow(expect.objectContaining({ code: 'BUILD_BAD_OPTION', message }) as Error);
});

test('CLI-05 checkLimits() takes what the kernel takes, and no limits', () => {
  checkLimits();
  checkLimits({ memoryBytes: 6 << 20, memorySwapBytes: -1, cpuShares: 2, cpuPeriodUs: 1_000_000, cpuQuotaUs: 1000 });
});
