import { isIP } from 'node:net';
import { SlipwayError } from '../../base/index.ts';
import type { BuildOptions } from '../ports.ts';

type ExtraHosts = NonNullable<BuildOptions['extraHosts']>;
type Ulimits = NonNullable<BuildOptions['ulimits']>;

/** `--add-host HOST:IP`, or `HOST=IP`; brackets around the address are allowed. */
export function parseExtraHosts(values: readonly string[]): ExtraHosts | undefined {
  if (values.length === 0) return undefined;
  return values.flatMap((value) => value.split(',')).map(parseExtraHost);
}

function parseExtraHost(value: string): ExtraHosts[number] {
  const [, host = '', written = ''] = /^([^=:]+)[=:](.+)$/.exec(value.trim()) ?? [];
  const ip = written.replace(/^\[(.*)\]$/, '$1');
  if (ip === 'host-gateway') return { host, ip: '127.0.0.1' };
  if (host === '' || isIP(ip) === 0) throw bad(`invalid host ${value}`, 'write it as `--add-host NAME:ADDRESS`');
  return { host, ip };
}

const limits = new Set([
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]);

/** `--ulimit NAME=SOFT[:HARD]`; -1 is unlimited; HARD is SOFT where it isn't given. */
export function parseUlimits(values: readonly string[]): Ulimits | undefined {
  if (values.length === 0) return undefined;
  return values.map((value) => {
    const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(value) ?? [];
    if (soft === '') throw bad(`invalid ulimit argument: ${value}`, 'write it as `--ulimit NAME=SOFT[:HARD]`');
    if (!limits.has(name)) throw bad(`invalid ulimit type: ${name}`, `one of ${[...limits].join(', ')}`);
    const limit = { name, soft: Number(soft), hard: Number(hard) };
    if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard)) {
      throw bad(
        `ulimit soft limit must be less than or equal to hard limit: ${limit.soft} > ${limit.hard}`,
        'raise the hard limit, or lower the soft one',
      );
    }
    return limit;
  });
}

const factors: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `--shm-size 128m`: bytes, with a binary unit; 0 is the default. */
export function parseShmSize(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+)\s*([bkmg]?)b?$/i.exec(value.trim()) ?? [];
  const factor = factors[unit.toLowerCase()];
  if (digits === undefined || factor === undefined)
    throw bad(`invalid size: '${value}'`, 'write it as a number with b, k, m or g: `--shm-size 128m`');
  const bytes = Number(digits) * factor;
  return bytes === 0 ? undefined : bytes;
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_BAD_FLAG_VALUE', message, { hint });
}
