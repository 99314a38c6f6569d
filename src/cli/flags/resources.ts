import { SlipwayError } from '../../base/index.ts';
import type { BuildOptions } from '../ports.ts';

type Limits = { -readonly [K in keyof NonNullable<BuildOptions['limits']>]: NonNullable<BuildOptions['limits']>[K] };

/** Each limit by the name of its flag, which is also its key in `--resource`. A value that asks for nothing gives `undefined`. */
const readers: Readonly<Record<string, (limits: Limits, value: string, name: string) => void>> = {
  memory: (limits, value, name) => {
    limits.memoryBytes = bytesOf(value, name);
  },
  'memory-swap': (limits, value, name) => {
    limits.memorySwapBytes = value === '-1' ? -1 : bytesOf(value, name);
  },
  'cpu-shares': (limits, value, name) => {
    limits.cpuShares = numberOf(value, name);
  },
  'cpu-period': (limits, value, name) => {
    limits.cpuPeriodUs = numberOf(value, name);
  },
  'cpu-quota': (limits, value, name) => {
    limits.cpuQuotaUs = value === '-1' ? undefined : numberOf(value, name);
  },
  'cpuset-cpus': (limits, value, name) => {
    limits.cpusetCpus = listOf(value, name);
  },
  'cpuset-mems': (limits, value, name) => {
    limits.cpusetMems = listOf(value, name);
  },
};

/** What `--resource` takes. */
const resourceNames: readonly string[] = Object.keys(readers);

/** As the scheduler counts by default. */
const usualPeriodUs = 100_000;

/** `--cpus 1.5`: so much of a period, whatever its length. */
function readCpus(limits: Limits, value: string): void {
  if (!/^\d{1,6}(?:\.\d+)?$/.test(value)) throw bad(`invalid value for --cpus: '${value}'`, 'write a number: `1.5`');
  if (Number(value) === 0) return;
  limits.cpuPeriodUs ??= usualPeriodUs;
  limits.cpuQuotaUs = Math.round(Number(value) * limits.cpuPeriodUs);
}

/**
 * What every RUN may use: `--resource KEY=VALUE[,KEY=VALUE]`, which counts over the single flags (`flags` by name).
 * @throws {SlipwayError} `CLI_BAD_FLAG_VALUE`
 */
export function parseResources(
  flags: Readonly<Record<string, string | undefined>>,
  resources: readonly string[],
): BuildOptions['limits'] {
  const limits: Limits = {};
  const { cpus, ...single } = flags;
  for (const [name, value] of Object.entries(single)) if (value !== undefined) readers[name]?.(limits, value, `--${name}`);
  if (cpus !== undefined) readCpus(limits, cpus);
  for (const resource of resources) {
    for (const field of fieldsOf(resource)) {
      const [key = '', value] = field.split(/=(.*)/s, 2);
      const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
      if (value === undefined || read === undefined) {
        throw bad(
          value === undefined ? `invalid resource "${field}": must be a key=value pair` : `unknown resource "${key}"`,
          `write \`--resource memory=512m\`; there are ${resourceNames.join(', ')}`,
        );
      }
      read(limits, value, `--resource ${key}`);
    }
  }
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given);
}

/** Several in one value; the lists of `cpuset-cpus` have commas of their own. */
function fieldsOf(resource: string): readonly string[] {
  return resource.split(/,(?=[a-z-]+=)/);
}

function bytesOf(value: string, name: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(value.trim()) ?? [];
  if (amount === '') throw bad(`invalid size for ${name}: '${value}'`, 'write it as a number with b, k, m or g: `512m`');
  return positive(Math.floor(Number(amount) * 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.toLowerCase()))));
}

function numberOf(value: string, name: string): number | undefined {
  if (!/^\d{1,15}$/.test(value)) throw bad(`invalid value for ${name}: '${value}'`, 'write a whole number');
  return positive(Number(value));
}

function listOf(value: string, name: string): string | undefined {
  if (!/^(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?$/.test(value))
    throw bad(`invalid value for ${name}: '${value}'`, 'write numbers and ranges: `0-2,4`');
  return value === '' ? undefined : value;
}

/** 0 is what the flags have when they are not given. */
function positive(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_BAD_FLAG_VALUE', message, { hint });
}
