import type { Finding } from './check.ts';
import { excerpt } from './excerpt.ts';

/**
 * Findings as `docker build --check` prints them, in the order of the file. `lines` are those of the file; where it
 * ends with a line break, an empty last one counts.
 */
export function toLintText(
  findings: readonly Finding[],
  fileName: string,
  lines: readonly string[],
  more: { readonly hints?: boolean } = {},
): string {
  if (findings.length === 0) return 'Check complete, no warnings found.\n';
  const count = findings.length === 1 ? '1 warning has' : `${findings.length} warnings have`;
  const parts = findings
    .toSorted((a, b) => a.lines.first - b.lines.first)
    .map(({ rule, url, message, lines: { first, last }, hint }) => {
      const head = `WARNING: ${rule}${url === undefined ? '' : ` - ${url}`}\n`;
      const advice = more.hints === true && hint !== undefined ? `hint: ${hint}\n` : '';
      return `\n${head}${message}\n${advice}${excerpt(fileName, lines, first, last)}`;
    });
  return `Check complete, ${count} been found!\n${parts.join('')}`;
}
