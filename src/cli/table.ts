/** Columns of text, three blanks apart; the last one is not padded. Ends with a line break. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, text] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, text.length);
  }
  return rows
    .map(
      (row) => `${row.map((text, index) => (index === row.length - 1 ? text : text.padEnd(widths[index] ?? 0))).join('   ')}\n`,
    )
    .join('');
}

const units: readonly (readonly [ms: number, one: string, many: string])[] = [
  [365 * 86_400_000, 'a year', 'years'],
  [30 * 86_400_000, 'a month', 'months'],
  [7 * 86_400_000, 'a week', 'weeks'],
  [86_400_000, 'a day', 'days'],
  [3_600_000, 'an hour', 'hours'],
  [60_000, 'a minute', 'minutes'],
  [1000, 'a second', 'seconds'],
];

/** `3 weeks ago`; `N/A` for a time that isn't known, or that reproducible images set to zero. */
export function timeAgo(then: string | undefined, nowMs: number): string {
  const at = then === undefined ? Number.NaN : Date.parse(then);
  if (Number.isNaN(at) || at === 0) return 'N/A';
  for (const [ms, one, many] of units) {
    const count = Math.floor((nowMs - at) / ms);
    if (count === 1) return `${one} ago`;
    if (count > 1) return `${count} ${many} ago`;
  }
  return 'just now';
}
