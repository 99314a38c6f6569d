import { expect, test } from 'vitest';
import { parseResources } from './resources.ts';

test.for([
  ['a size', { memory: '512m' }, [], { memoryBytes: 536_870_912 }],
  ['a size with a fraction and a long unit', { memory: '1.5GiB' }, [], { memoryBytes: 1_610_612_736 }],
  ['unlimited swap', { memory: '1g', 'memory-swap': '-1' }, [], { memoryBytes: 2 ** 30, memorySwapBytes: -1 }],
  ['processors', { 'cpu-quota': '50000', 'cpu-period': '100000' }, [], { cpuQuotaUs: 50_000, cpuPeriodUs: 100_000 }],
  ['a number of processors', { cpus: '1.5' }, [], { cpuQuotaUs: 150_000, cpuPeriodUs: 100_000 }],
  ['a number of processors in a period', { cpus: '0.5', 'cpu-period': '50000' }, [], { cpuQuotaUs: 25_000, cpuPeriodUs: 50_000 }],
  ['values that ask for nothing', { memory: '0', 'cpu-quota': '-1', 'cpuset-cpus': '' }, [], undefined],
  ['a resource over its flag', { memory: '1g' }, ['memory=2k'], { memoryBytes: 2048 }],
  ['several in one', {}, ['cpuset-cpus=0-1,3,cpu-shares=512'], { cpusetCpus: '0-1,3', cpuShares: 512 }],
] as const)('CLI-05 parseResources() reads %s', ([, flags, resources, limits]) => {
  expect(parseResources(flags, resources)).toEqual(limits);
});

test.for([
  [{ memory: 'lots' }, [], "invalid size for --memory: 'lots'"],
  [{ 'cpu-shares': '-3' }, [], "invalid value for --cpu-shares: '-3'"],
  [{ cpus: 'two' }, [], "invalid value for --cpus: 'two'"],
  [{ 'cpuset-cpus': 'all' }, [], "invalid value for --cpuset-cpus: 'all'"],
  [{}, ['disk=3'], 'unknown resource "disk"'],
  [{}, ['memory'], 'invalid resource "memory": must be a key=value pair'],
] as const)('CLI-05 parseResources() refuses %j %j', ([flags, resources, message]) => {
  expect(() => parseResources(flags, resources)).toThrow(
    expect.objectContaining({ code: 'CLI_BAD_FLAG_VALUE', message }) as Error,
  );
});
