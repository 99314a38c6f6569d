import type { SourceSpan } from '../base/index.ts';
import type { Heredoc, InstructionBase, Word } from './instruction.ts';
import type { LogicalLine } from './logical-line.ts';
import { isSpace, trimEnd, trimStart } from './source-lines.ts';

/** A heredoc word and where it stands in the logical line. */
export interface PlacedHeredoc {
  readonly start: number;
  readonly end: number;
  readonly heredoc: Heredoc;
}

/** Text between two offsets of a logical line. */
export interface Slice {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One instruction, cut into its word, its flags and the rest; what the rest means is not known yet. */
export interface Statement {
  readonly source: LogicalLine;
  readonly start: number;
  readonly end: number;
  readonly keyword: string;
  /** Unquoted text of each flag, with the place of the quoted one. */
  readonly flags: readonly Slice[];
  readonly rest: Slice;
  readonly escape: string;
}

/** What stands around a statement. */
export interface Surroundings {
  readonly comments: readonly string[];
  readonly heredocs: readonly PlacedHeredoc[];
  /** End of the whole instruction, heredocs included. */
  readonly end: SourceSpan['end'];
}

const blank = /[\t\v\f\r ]/;

/** Cut `source.text.slice(start, end)` into instruction word, flags and rest. */
export function cutStatement(source: LogicalLine, from: number, to: number, escape: string): Statement {
  const { text } = source;
  const end = from + trimEnd(text.slice(from, to)).length;
  const start = Math.min(end, to - trimStart(text.slice(from, to)).length);
  let at = start;
  while (at < end && !blank.test(text[at] ?? '')) at += 1;
  const keyword = text.slice(start, at);
  const flags: Slice[] = [];
  for (;;) {
    while (at < end && isSpace(text[at])) at += 1;
    if (!text.startsWith('--', at) || at + 1 >= end) break;
    const flag = cutFlag(text, at, end, escape);
    at = flag.end;
    if (flag.text === '--') {
      while (at < end && isSpace(text[at])) at += 1;
      break;
    }
    flags.push(flag);
  }
  return { source, start, end, keyword, flags, rest: { text: text.slice(at, end), start: at, end }, escape };
}

function cutFlag(text: string, start: number, end: number, escape: string): Slice {
  let unquoted = '';
  let quote: string | undefined;
  let at = start;
  for (; at < end; at++) {
    let char = text[at] ?? '';
    if (quote === undefined && isSpace(char)) break;
    if (quote === undefined ? char === '"' || char === "'" : char === quote) {
      quote = quote === undefined ? char : undefined;
      continue;
    }
    if (char === escape) {
      at += 1;
      char = at < end ? (text[at] ?? '') : '';
    }
    unquoted += char;
  }
  return { text: unquoted, start, end: Math.min(at, end) };
}

/** Words between runs of blanks; quotes mean nothing. */
export function listWords(slice: Slice): Slice[] {
  return Array.from(slice.text.matchAll(/[^\t\v\f\r ]+/g), (match) => {
    const start = slice.start + match.index;
    return { text: match[0], start, end: start + match[0].length };
  });
}

/** Words between blanks that no quote or escape protects; quotes and escapes are kept. */
export function quotedWords(slice: Slice, escape: string): Slice[] {
  const { text } = slice;
  const words: Slice[] = [];
  let start = -1;
  let quote: string | undefined;
  const close = (at: number): void => {
    // An escape with nothing to escape is dropped.
    const end = text[at - 1] === escape && quote === 'escape' ? at - 1 : at;
    if (end > start) words.push({ text: text.slice(start, end), start: slice.start + start, end: slice.start + end });
    start = -1;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote === undefined && isSpace(char)) {
      if (start >= 0) close(at);
      continue;
    }
    if (start < 0) start = at;
    if (char === escape && quote !== "'") {
      if (at + 1 === text.length) quote = 'escape';
      at += 1;
    } else if (quote === undefined) {
      if (char === '"' || char === "'") quote = char;
    } else if (char === quote) quote = undefined;
  }
  if (start >= 0) close(text.length);
  return words;
}

export type JsonArgs = { readonly type: 'strings'; readonly items: readonly Slice[] } | { readonly type: 'not-strings' };

/** The items when all of `slice` is one JSON array; a place is that of the string literal with its quotes. */
export function jsonArgs(slice: Slice): JsonArgs | undefined {
  if (!slice.text.startsWith('[')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(slice.text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const values: readonly unknown[] = parsed;
  const strings = values.filter((value) => typeof value === 'string');
  if (strings.length < values.length) return { type: 'not-strings' };
  const literals = Array.from(slice.text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g));
  const items = strings.map((text, index) => {
    const literal = literals[index];
    const start = slice.start + (literal?.index ?? 0);
    return { text, start, end: start + (literal?.[0].length ?? 0) };
  });
  return { type: 'strings', items };
}

export function spanOf(statement: Statement, slice: { readonly start: number; readonly end: number }): SourceSpan {
  return statement.source.spanOf(slice.start, slice.end);
}

export function wordOf(statement: Statement, slice: Slice): Word {
  return { text: slice.text, span: spanOf(statement, slice) };
}

/** The members every instruction has. */
export function baseOf(
  statement: Statement,
  around: Surroundings,
  form: InstructionBase['form'],
  args: readonly string[],
): InstructionBase {
  const { source } = statement;
  const own = source.spanOf(statement.start, statement.end);
  return {
    span: { file: own.file, start: own.start, end: around.end },
    line: source.line,
    endLine: around.end.line,
    keyword: statement.keyword,
    original: source.text.slice(statement.start, statement.end),
    rest: wordOf(statement, statement.rest),
    comments: around.comments,
    flags: statement.flags.map((flag) => {
      const [name = '', ...value] = flag.text.slice(2).split('=');
      return { name, value: flag.text.includes('=') ? value.join('=') : undefined, span: spanOf(statement, flag) };
    }),
    form,
    args,
  };
}
