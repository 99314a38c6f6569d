import { readFlags } from './flags.ts';
import type { ArgDeclaration, ArgInstruction, FromInstruction } from './instruction.ts';
import { base, type ReadInput, splitAt, textsOf, wrongCount } from './read.ts';
import { listWords, quotedWords, type Slice, spanOf, wordOf } from './statement.ts';
import { reportStray, strayInList, warnInText } from './stray-comment.ts';

const stageName = /^[a-z][a-z0-9-_.]*$/;
const countMessage = 'FROM requires either one or three arguments';

/** A FROM with the wrong number of words is reported, and read as far as it can be understood. */
export function readFrom(input: ReadInput): FromInstruction | undefined {
  const { statement, around, report } = input;
  const flags = readFlags(statement, { platform: 'string' }, report);
  const words = listWords(statement.rest);
  const [image, as, name] = words;
  const platform = flags.string('platform');
  const stray = strayInList(words, 0);
  const isAs = as?.text.toLowerCase() === 'as';
  const isCountRight = words.length === 1 || (words.length === 3 && isAs);
  if (stray !== undefined) reportStray(statement, stray.word, report, 'error', { because: countMessage });
  else if (!isCountRight) wrongCount(input, countMessage, countHint(words));
  if (image === undefined || image === stray?.word) return undefined;
  const named = isAs && name !== stray?.word ? name : undefined;
  const lower = named?.text.toLowerCase();
  if (named !== undefined && lower !== undefined && !stageName.test(lower)) {
    const problem = "name can't start with a number or contain symbols";
    const message = `invalid name for build stage: ${JSON.stringify(named.text)}, ${problem}`;
    const hint = 'use letters, digits, `-`, `_` and `.`, and start with a letter';
    report.error('DF_BAD_STAGE_NAME', message, spanOf(statement, named), hint);
  }
  return {
    ...base(input, 'words', textsOf(words)),
    kind: 'from',
    image: wordOf(statement, image),
    name: lower,
    nameWord: named === undefined ? undefined : wordOf(statement, named),
    asWord: named === undefined || as === undefined ? undefined : wordOf(statement, as),
    platform: platform === undefined || platform.text === '' ? undefined : platform,
    description: lower === undefined ? undefined : descriptionOf(lower, around.comments),
  };
}

function countHint(words: readonly Slice[]): string {
  const [image, second] = words.map((word) => word.text);
  if (words.length !== 2 || second === undefined) return 'write `FROM <image>` or `FROM <image> AS <name>`';
  return second.toLowerCase() === 'as' ? 'write the name of the stage after AS' : `write \`FROM ${image} AS ${second}\``;
}

/** The rest of the first comment that starts with the name and a blank. */
function descriptionOf(name: string, comments: readonly string[]): string | undefined {
  return comments.find((comment) => comment.startsWith(`${name} `))?.slice(name.length + 1);
}

/** ARG ignores flags altogether. */
export function readArg(input: ReadInput): ArgInstruction | undefined {
  const { statement, around, report } = input;
  const words = quotedWords(statement.rest, statement.escape);
  if (words.length === 0)
    return wrongCount(input, 'ARG requires at least one argument', 'write `ARG NAME` or `ARG NAME=default`');
  warnInText(statement, report);
  const declarations: ArgDeclaration[] = [];
  for (const word of words) {
    const equals = word.text.indexOf('=');
    if (equals === 0) report.error('DF_BLANK_NAME', 'ARG names can not be blank', spanOf(statement, word));
    const [name, value] = splitAt(word, equals);
    const description = descriptionOf(name.text, around.comments);
    declarations.push({
      name: wordOf(statement, name),
      value: value === undefined ? undefined : wordOf(statement, value),
      description,
    });
  }
  return { ...base(input, 'words', textsOf(words)), kind: 'arg', declarations };
}
