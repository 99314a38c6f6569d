import type { SourceSpan } from '../base/index.ts';

/** The physical lines of a file. */
export interface SourceLines {
  readonly file: string;
  /** Without line ends. */
  readonly lines: readonly string[];
  /** Without `\n`, but with a `\r` that stood before it: what heredoc bodies keep. */
  readonly rawLines: readonly string[];
  readonly isEmpty: boolean;
}

export const maxLineBytes = 65_535;

/** Cut `text` at `\n`; a byte order mark at the start is dropped, bytes that are no UTF-8 become U+FFFD. */
export function splitLines(text: string | Uint8Array, file: string): SourceLines {
  const decoded = typeof text === 'string' ? text : new TextDecoder('utf-8', { ignoreBOM: true }).decode(text);
  const body = decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded;
  const rawLines = body.split('\n');
  if (rawLines.at(-1) === '') rawLines.pop();
  return { file, rawLines, lines: rawLines.map(withoutCarriageReturns), isEmpty: decoded === '' };
}

function withoutCarriageReturns(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 13) end -= 1;
  return end === line.length ? line : line.slice(0, end);
}

/** Is this a blank of Unicode? A byte order mark is none. */
export function isSpace(char: string | undefined): boolean {
  return char !== undefined && /[\s\u0085]/.test(char) && char !== '\uFEFF';
}

export function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && isSpace(text[start])) start += 1;
  return text.slice(start);
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

/** Is this line longer than a Dockerfile allows, in bytes of UTF-8? */
export function isTooLong(line: string): boolean {
  if (line.length * 3 <= maxLineBytes) return false;
  return new TextEncoder().encode(line).length > maxLineBytes;
}

/** The span of one whole physical line; `line` is 1-based. */
export function wholeLine(source: SourceLines, line: number): SourceSpan {
  const length = source.lines[line - 1]?.length ?? 0;
  return { file: source.file, start: { line, column: 1 }, end: { line, column: length + 1 } };
}
