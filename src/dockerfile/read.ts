import type { SourceSpan } from '../base/index.ts';
import type { InstructionBase } from './instruction.ts';
import type { Reporter } from './reporter.ts';
import { baseOf, type JsonArgs, jsonArgs, type Slice, type Statement, type Surroundings, spanOf } from './statement.ts';

/** What the reader of one kind of instruction works on. */
export interface ReadInput {
  readonly statement: Statement;
  readonly around: Surroundings;
  readonly report: Reporter;
}

export function base(input: ReadInput, form: InstructionBase['form'], args: readonly string[]): InstructionBase {
  return baseOf(input.statement, input.around, form, args);
}

/** The instruction word in capitals, as messages spell it. */
export function keywordOf(input: ReadInput): string {
  return input.statement.keyword.toUpperCase();
}

/** The span of the statement itself, heredocs excluded. */
export function statementSpan(input: ReadInput): SourceSpan {
  return spanOf(input.statement, input.statement);
}

export function wrongCount(input: ReadInput, message: string, hint?: string): undefined {
  input.report.error('DF_ARGUMENT_COUNT', message, statementSpan(input), hint);
  return undefined;
}

/** The JSON array that `slice` is, if it is one; `false` when it is one that was refused. */
export function jsonOrRefuse(input: ReadInput, slice: Slice): Extract<JsonArgs, { type: 'strings' }> | undefined | false {
  const json = jsonArgs(slice);
  if (json?.type !== 'not-strings') return json;
  const message = 'when using JSON array syntax, arrays must be comprised of strings only';
  input.report.error('DF_JSON_NOT_STRINGS', message, spanOf(input.statement, slice), 'put each item in double quotes');
  return false;
}

export function textsOf(slices: readonly Slice[]): readonly string[] {
  return slices.map((slice) => slice.text);
}

/** The parts of `word` before and after the `=` at this index; without one there is no second part. */
export function splitAt(word: Slice, equals: number): readonly [Slice, Slice | undefined] {
  if (equals < 0) return [word, undefined];
  const middle = word.start + equals;
  const value = { text: word.text.slice(equals + 1), start: middle + 1, end: word.end };
  return [{ text: word.text.slice(0, equals), start: word.start, end: middle }, value];
}
