import type { SourcePosition } from '../../base/index.ts';
import type { TextEdit } from './rule.ts';

/** `text` with the edits made; of two that overlap the first one counts. Line ends are those of the text. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const starts = lineStarts(text);
  const hasCrlf = text[text.indexOf('\n') - 1] === '\r';
  const offset = ({ line, column }: SourcePosition): number => (starts[line - 1] ?? text.length) + column - 1;
  const placed = edits
    .map(({ span, text: replacement }) => ({ start: offset(span.start), end: offset(span.end), replacement }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let at = 0;
  for (const { start, end, replacement } of placed) {
    if (start < at) continue;
    out += text.slice(at, start) + (hasCrlf ? replacement.replaceAll(/\r?\n/g, '\r\n') : replacement);
    at = end;
  }
  return out + text.slice(at);
}

/** Columns do not count a byte order mark. */
function lineStarts(text: string): readonly number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
