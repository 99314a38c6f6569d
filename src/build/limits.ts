import { formatBytes, SlipwayError } from '../base/index.ts';
import type { BuildOptions } from './options.ts';

const minMemoryBytes = 6 << 20;

/** What the kernel refuses is refused before anything runs. @throws {SlipwayError} `BUILD_BAD_OPTION` */
export function checkLimits(limits: BuildOptions['limits'] = {}): void {
  const { memoryBytes, memorySwapBytes = -1, cpuShares = 2, cpuPeriodUs = 1000, cpuQuotaUs = 1000 } = limits;
  if (memoryBytes !== undefined && memoryBytes < minMemoryBytes)
    throw bad(`a memory limit of ${formatBytes(memoryBytes)} is too small to start anything`, 'the least is 6m');
  if (memorySwapBytes !== -1 && memoryBytes === undefined)
    throw bad('a limit of swap needs one of memory', 'swap counts memory too: `memory=1g,memory-swap=2g` leaves 1g of swap');
  if (memorySwapBytes !== -1 && memorySwapBytes < (memoryBytes ?? 0))
    throw bad(
      'the limit of swap is less than that of memory',
      'swap counts memory too: `memory=1g,memory-swap=2g` leaves 1g of swap',
    );
  if (cpuShares < 2 || cpuShares > 262_144)
    throw bad(`cpu-shares of ${cpuShares} are out of range`, 'they go from 2 to 262144; 1024 is usual');
  if (cpuPeriodUs < 1000 || cpuPeriodUs > 1_000_000)
    throw bad(`a cpu-period of ${cpuPeriodUs} µs is out of range`, 'it goes from 1000 to 1000000 microseconds; 100000 is usual');
  if (cpuQuotaUs < 1000)
    throw bad(
      `a cpu-quota of ${cpuQuotaUs} µs is too small`,
      'the least is 1000 microseconds; 50000 of the usual period is half a processor',
    );
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('BUILD_BAD_OPTION', message, { hint });
}
