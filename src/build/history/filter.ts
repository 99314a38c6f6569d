import { nearest, SlipwayError } from '../../base/index.ts';
import { parseDurationMs } from '../duration.ts';
import type { BuildRecord } from './build-record.ts';

type Test = (record: BuildRecord) => boolean;

const texts: Readonly<Record<string, (record: BuildRecord) => readonly string[]>> = {
  ref: ({ id }) => [id],
  name: ({ name }) => [name],
  status: ({ status }) => [status],
  tag: ({ tags, result }) => [...tags, ...(result?.names ?? [])],
};

const numbers: Readonly<Record<string, (record: BuildRecord) => number>> = {
  startedAt: ({ startedAt }) => Date.parse(startedAt),
  completedAt: ({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs,
  duration: ({ durationMs }) => durationMs,
};

/**
 * Read filters such as `status=error`, `name~=app`, `duration>1m`, `startedAt<24h` (began less than a day ago); all of them must hold.
 * @throws {SlipwayError} `BUILD_BAD_FILTER`
 */
export function parseHistoryFilters(filters: readonly string[], nowMs: number): Test {
  const tests = filters.map((filter) => parseFilter(filter, nowMs));
  return (record) => tests.every((test) => test(record));
}

function parseFilter(filter: string, nowMs: number): Test {
  const [, key = '', operator = '', value = ''] = /^(\w+)(!=|~=|=|<=?|>=?)(.*)$/s.exec(filter) ?? [];
  const text = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (text !== undefined && !/[<>]/.test(operator)) return textTest(text, operator, value, filter);
  const number = Object.hasOwn(numbers, key) ? numbers[key] : undefined;
  if (number !== undefined && /[<>]/.test(operator)) return numberTest(number, operator, momentOf(key, value, filter, nowMs));
  const known = [...Object.keys(texts).map((name) => `${name}=`), ...Object.keys(numbers).map((name) => `${name}<`)];
  const meant = nearest(key, [...Object.keys(texts), ...Object.keys(numbers)]);
  throw bad(filter, meant === undefined || meant === key ? `the filters are ${known.join(', ')}` : `did you mean \`${meant}\`?`);
}

function textTest(text: (record: BuildRecord) => readonly string[], operator: string, value: string, filter: string): Test {
  if (operator === '~=') {
    let pattern: RegExp;
    try {
      pattern = new RegExp(value);
    } catch (cause) {
      throw bad(filter, 'what stands behind `~=` must be a regular expression', cause);
    }
    return (record) => text(record).some((each) => pattern.test(each));
  }
  return (record) => text(record).some((each) => each.toLowerCase() === value.toLowerCase()) === (operator === '=');
}

function numberTest(number: (record: BuildRecord) => number, operator: string, limit: number): Test {
  switch (operator) {
    case '<':
      return (record) => number(record) < limit;
    case '<=':
      return (record) => number(record) <= limit;
    case '>':
      return (record) => number(record) > limit;
    default:
      return (record) => number(record) >= limit;
  }
}

/** A time is written in full, or as how long ago it was. */
function momentOf(key: string, value: string, filter: string, nowMs: number): number {
  const durationMs = parseDurationMs(value);
  if (key === 'duration' && durationMs !== undefined) return durationMs;
  const at = durationMs === undefined ? Date.parse(value) : nowMs - durationMs;
  if (key === 'duration' || Number.isNaN(at))
    throw bad(filter, 'write a time as `2026-01-31T12:00:00Z` or as how long ago it was, `24h`; a duration as `90s`');
  return at;
}

function bad(filter: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_FILTER', `\`${filter}\` is not a filter`, { hint, cause });
}
