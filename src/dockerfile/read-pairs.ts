import { readFlags } from './flags.ts';
import type { EnvInstruction, InstructionBase, KeyValue, LabelInstruction } from './instruction.ts';
import { base, keywordOf, type ReadInput, splitAt, statementSpan, textsOf, wrongCount } from './read.ts';
import { quotedWords, type Slice, type Statement, spanOf, wordOf } from './statement.ts';
import { reportStray, strayInText, warnInText } from './stray-comment.ts';

export function readEnv(input: ReadInput): EnvInstruction | undefined {
  const read = readPairs(input);
  return read === undefined ? undefined : { ...read, kind: 'env' };
}

export function readLabel(input: ReadInput): LabelInstruction | undefined {
  const read = readPairs(input);
  return read === undefined ? undefined : { ...read, kind: 'label' };
}

interface Pairs extends InstructionBase {
  readonly pairs: readonly KeyValue[];
  readonly isLegacy: boolean;
}

/** `k=v …`, or `k rest of line`: the first word decides. */
function readPairs(input: ReadInput): Pairs | undefined {
  const { statement, report } = input;
  const keyword = keywordOf(input);
  readFlags(statement, {}, report);
  const words = quotedWords(statement.rest, statement.escape);
  const [first] = words;
  if (first === undefined)
    return wrongCount(input, `${keyword} requires at least one argument`, `write \`${keyword} name=value\``);
  const isLegacy = !first.text.includes('=');
  const slices = isLegacy ? legacyPair(input) : equalsPairs(input, words);
  if (slices === undefined) return undefined;
  for (const [key] of slices) {
    if (key.text !== '') continue;
    report.error('DF_BLANK_NAME', `${keyword} names can not be blank`, spanOf(statement, { start: key.start, end: key.end + 1 }));
  }
  const pairs = slices.map(([key, value]) => ({ key: wordOf(statement, key), value: wordOf(statement, value) }));
  const args = slices.flatMap(([key, value]) => [key.text, value.text]);
  return { ...base(input, isLegacy ? 'text' : 'pairs', isLegacy ? args : textsOf(words)), pairs, isLegacy };
}

type PairSlices = readonly (readonly [Slice, Slice])[];

function legacyPair(input: ReadInput): PairSlices | undefined {
  const { statement, report } = input;
  const { rest } = statement;
  const gap = /[\t\v\f\r ]+/.exec(rest.text);
  if (gap === null) {
    const hint = `write \`${keywordOf(input)} ${shown(rest.text)}=value\``;
    report.error('DF_BAD_PAIR', `${keywordOf(input)} must have two arguments`, statementSpan(input), hint);
    return undefined;
  }
  warnInText(statement, report, `put the value in quotes`);
  const valueAt = gap.index + gap[0].length;
  const key = { text: rest.text.slice(0, gap.index), start: rest.start, end: rest.start + gap.index };
  return [[key, { text: rest.text.slice(valueAt), start: rest.start + valueAt, end: rest.end }]];
}

function equalsPairs(input: ReadInput, words: readonly Slice[]): PairSlices {
  const { statement, report } = input;
  const pairs: (readonly [Slice, Slice])[] = [];
  const stray = strayInText(statement);
  for (const word of words) {
    const isStray = stray !== undefined && word.start >= stray.start;
    const [key, value] = splitAt(word, word.text.indexOf('='));
    if (value !== undefined) pairs.push([key, value]);
    else if (!isStray) {
      const message = `Syntax error - can't find = in ${JSON.stringify(word.text)}. Must be of the form: name=value`;
      const hint = 'put a value that holds blanks in double quotes';
      report.error('DF_BAD_PAIR', message, spanOf(statement, word), hint);
    }
  }
  if (stray !== undefined) reportStrayPair(statement, words, stray, input);
  return pairs;
}

function reportStrayPair(statement: Statement, words: readonly Slice[], stray: Slice, { report }: ReadInput): void {
  const bad = words.find((word) => word.start >= stray.start && !word.text.includes('='));
  if (bad === undefined) return reportStray(statement, stray, report, 'warning');
  const because = `Syntax error - can't find = in ${JSON.stringify(bad.text)}. Must be of the form: name=value`;
  reportStray(statement, stray, report, 'error', { because });
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
