import type { Reporter } from './reporter.ts';
import { jsonArgs, listWords, quotedWords, type Slice, type Statement, spanOf } from './statement.ts';

/**
 * People write comments behind an instruction. A Dockerfile knows no such comment: `#` and what follows are arguments.
 * These functions find the `#` that was meant as one.
 */

/** The first word after `from` words that starts with `#`. */
export function strayInList(words: readonly Slice[], from: number): { readonly word: Slice; readonly index: number } | undefined {
  for (let index = from; index < words.length; index++) {
    const word = words[index];
    if (word?.text.startsWith('#') === true) return { word, index };
  }
  return undefined;
}

/** The first `#` that follows a blank outside of quotes, and is not the first character of the arguments. */
export function strayInText(statement: Statement): Slice | undefined {
  if (!statement.rest.text.includes('#')) return undefined;
  return strayInList(quotedWords(statement.rest, statement.escape), 1)?.word;
}

/** The `#` in `["a"] # comment`, which makes the array no array. */
export function strayAfterJson(statement: Statement, slice: Slice): Slice | undefined {
  if (!slice.text.startsWith('[')) return undefined;
  const hash = /\]\s+#/.exec(slice.text);
  if (hash === null || jsonArgs({ ...slice, text: slice.text.slice(0, hash.index + 1) })?.type !== 'strings') return undefined;
  const start = slice.start + hash.index + hash[0].length - 1;
  return { text: statement.source.text.slice(start, slice.end), start, end: slice.end };
}

const sentence = 'a comment must stand on its own line: the words after `#` are arguments of';
const moveIt = 'move the comment to the line above';

/** Report the `#` at the start of `word`, up to the end of its line. */
export function reportStray(
  statement: Statement,
  word: Slice,
  report: Reporter,
  severity: 'error' | 'warning',
  more: { readonly because?: string; readonly unless?: string } = {},
): void {
  const end = Math.min(statement.source.endOfPhysicalLine(word.start), statement.end);
  const comment = statement.source.text.slice(word.start, end).trimEnd();
  const at = spanOf(statement, { start: word.start, end: word.start + comment.length });
  const message = `${sentence} ${statement.keyword.toUpperCase()}${more.because === undefined ? '' : ` (${more.because})`}`;
  const hint = more.unless === undefined ? moveIt : `${moveIt}, or ${more.unless}`;
  if (severity === 'error') report.error('DF_TRAILING_COMMENT', message, at, hint);
  else report.warning('DF_TRAILING_COMMENT', message, at, { rule: 'SlipwayTrailingComment', hint });
}

/** Warn about a stray `#` in words that are read as a list. */
export function warnInList(statement: Statement, report: Reporter): void {
  const stray = strayAfterJson(statement, statement.rest) ?? strayInList(listWords(statement.rest), 1)?.word;
  if (stray !== undefined) reportStray(statement, stray, report, 'warning');
}

/** Warn about a stray `#` in text where quotes protect it. */
export function warnInText(statement: Statement, report: Reporter, unless?: string): void {
  const stray = strayInText(statement);
  if (stray !== undefined) reportStray(statement, stray, report, 'warning', unless === undefined ? {} : { unless });
}
