import { nearest, SlipwayError } from '../base/index.ts';
import { parseDurationMs } from './duration.ts';
import type { UsageKind, UsageRow } from '../store/index.ts';

/** What BuildKit calls each kind. */
export const usageTypes: { readonly [K in UsageKind]: UsageType } = {
  step: 'regular',
  base: 'regular',
  documents: 'internal',
  'cache-mount': 'exec.cachemount',
  context: 'source.local',
  repository: 'source.git.checkout',
  'half-made': 'internal',
  'left-over': 'internal',
  bookkeeping: 'internal',
};

export type UsageType = 'regular' | 'internal' | 'exec.cachemount' | 'source.local' | 'source.git.checkout';

type Matches = (row: UsageRow, want: (text: string) => boolean) => boolean;

const isTrue =
  (claim: (row: UsageRow) => boolean): Matches =>
  (row, want) =>
    want(String(claim(row)));

const keys: Readonly<Record<string, Matches>> = {
  id: ({ id }, want) => want(id),
  parents: ({ parents }, want) => parents.some(want),
  description: ({ description }, want) => want(description),
  type: ({ kind }, want) => want(usageTypes[kind]),
  inuse: isTrue(({ isInUse }) => isInUse),
  mutable: isTrue(({ isMutable }) => isMutable),
  immutable: isTrue(({ isMutable }) => !isMutable),
  shared: isTrue(({ isShared }) => isShared),
  private: isTrue(({ isShared }) => !isShared),
};

/**
 * Read filters such as `until=24h`, `type=exec.cachemount`, `id!=abc`, `description~=apt`; all of them must hold. `until` asks for what was not
 * used for so long.
 * @throws {SlipwayError} `BUILD_BAD_FILTER`
 */
export function parseUsageFilters(filters: readonly string[], nowMs: number): (row: UsageRow) => boolean {
  const tests = filters.map((filter) => parseFilter(filter, nowMs));
  return (row) => tests.every((test) => test(row));
}

function parseFilter(filter: string, nowMs: number): (row: UsageRow) => boolean {
  const [, name = '', operator = '=', value = 'true'] = /^([^=!~]+)(?:(=|!=|~=)(.*))?$/s.exec(filter) ?? [];
  if (name === 'until') {
    if (operator !== '=') throw bad(filter, 'write it as `until=24h`');
    const durationMs = parseDurationMs(value);
    if (durationMs === undefined) throw bad(filter, 'write the time as `24h`, `1h30m` or `7d`');
    const beforeMs = nowMs - durationMs;
    return ({ usedAtMs }) => usedAtMs < beforeMs;
  }
  const matches = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (matches === undefined) {
    const known = [...Object.keys(keys), 'until'];
    const meant = nearest(name, known);
    throw bad(filter, meant === undefined ? `the filters are ${known.join(', ')}` : `did you mean \`${meant}\`?`);
  }
  if (operator === '~=') {
    const pattern = regularExpression(value, filter);
    return (row) => matches(row, (text) => pattern.test(text));
  }
  const isEqual = (text: string): boolean => text === value || (name === 'id' && value.length >= 6 && text.startsWith(value));
  return operator === '=' ? (row) => matches(row, isEqual) : (row) => !matches(row, isEqual);
}

function regularExpression(text: string, filter: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw bad(filter, 'what stands behind `~=` must be a regular expression', cause);
  }
}

function bad(filter: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_FILTER', `\`${filter}\` is not a filter`, { hint, cause });
}
