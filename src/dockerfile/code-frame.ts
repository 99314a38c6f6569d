import type { SourceSpan } from '../base/index.ts';

/**
 * Show where a span stands: its place, the line before, its first line, and carets under it. Ends with a line break.
 *
 * ```text
 *   Dockerfile:14:13
 *   13 │ FROM alpine:3.20
 *   14 │ COPY --from=bulid app .
 *      │             ^^^^^
 * ```
 *
 * `lines` are all lines of the file. Without the line of the span among them, only the place is shown. Control
 * characters of the file are made visible, so that they can't steer a terminal.
 */
export function renderCodeFrame(lines: readonly string[], span: SourceSpan): string {
  const { line, column } = span.start;
  const place = `  ${span.file}:${line}:${column}\n`;
  const text = lines[line - 1];
  if (text === undefined) return place;
  const width = String(line).length;
  const row = (label: string, content: string): string => `  ${label.padStart(width)} │${content === '' ? '' : ` ${content}`}\n`;
  const before = lines[line - 2];
  const [window, from] = clip(text, column - 1);
  const start = Math.min(column - 1 - from, window.length);
  const end = span.end.line === line ? Math.min(span.end.column - 1 - from, window.length) : window.length;
  const carets = '^'.repeat(Math.max(1, lengthOf(window.slice(start, end))));
  const padding = Array.from(window.slice(0, start), (char) => (char === '\t' ? '\t' : ' ')).join('');
  return [
    place,
    before === undefined ? '' : row(String(line - 1), visible(clip(before, 0)[0])),
    row(String(line), visible(window)),
    row('', `${padding}${carets}`),
  ].join('');
}

const maxWidth = 200;

/** At most `maxWidth` characters of `line` around `column` (0-based), and the index where they start. */
function clip(line: string, column: number): readonly [string, number] {
  if (line.length <= maxWidth) return [line, 0];
  const from = Math.max(0, Math.min(column - 40, line.length - maxWidth));
  return [line.slice(from, from + maxWidth), from];
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function visible(text: string): string {
  return Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code === 9 || (code >= 32 && code < 127)) return char;
    if (code < 32) return String.fromCodePoint(0x2400 + code);
    return code < 160 ? '\u2421' : char;
  }).join('');
}
