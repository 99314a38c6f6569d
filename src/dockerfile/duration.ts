import { SlipwayError, type SourceSpan } from '../base/index.ts';

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * Nanoseconds of a duration in Go's notation: `1h30m`, `1.5s`, `-2ms`, `0`.
 *
 * @throws {SlipwayError} `DF_BAD_DURATION`
 */
export function parseDuration(text: string, at?: SourceSpan): number {
  const fail = (reason: string): SlipwayError =>
    new SlipwayError('DF_BAD_DURATION', reason, { at, hint: 'write a number and a unit, such as `30s`, `1m30s` or `500ms`' });
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  if (unsigned === '') throw fail(`time: invalid duration ${JSON.stringify(text)}`);
  let total = 0;
  const field = /(\d+\.?\d*|\.\d+)([^\d.]*)/y;
  while (field.lastIndex < unsigned.length) {
    const [all = '', amount = '', unit = ''] = field.exec(unsigned) ?? [];
    if (all === '') throw fail(`time: invalid duration ${JSON.stringify(text)}`);
    if (unit === '') throw fail(`time: missing unit in duration ${JSON.stringify(text)}`);
    const scale = Object.hasOwn(nanoseconds, unit) ? nanoseconds[unit] : undefined;
    if (scale === undefined) throw fail(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    total += Number(amount) * scale;
  }
  if (total >= 2 ** 63) throw fail(`time: invalid duration ${JSON.stringify(text)}`);
  return Math.trunc(text.startsWith('-') ? 0 - total : total);
}
