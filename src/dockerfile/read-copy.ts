import { type Flags, type FlagType, readFlags } from './flags.ts';
import { parseWord } from './word-syntax.ts';
import type { AddInstruction, CopyInstruction, CopySource, Heredoc, InstructionBase, Word } from './instruction.ts';
import { base, jsonOrRefuse, keywordOf, type ReadInput, textsOf, wrongCount } from './read.ts';
import { listWords, type Slice, spanOf, wordOf } from './statement.ts';
import { reportStray, strayAfterJson, strayInList } from './stray-comment.ts';

const common = { chown: 'string', chmod: 'string', link: 'bool', exclude: 'list' } as const satisfies Record<string, FlagType>;
const copyFlags: Readonly<Record<string, FlagType>> = { ...common, from: 'string', parents: 'bool' };
const addFlags: Readonly<Record<string, FlagType>> = { ...common, checksum: 'string', 'keep-git-dir': 'bool', unpack: 'bool' };

export function readCopy(input: ReadInput): CopyInstruction | undefined {
  const flags = readFlags(input.statement, copyFlags, input.report);
  const from = notEmpty(flags.string('from'));
  if (from !== undefined) refuseVariable(input, from);
  const read = readPaths(input);
  if (read === undefined) return undefined;
  return { ...read, ...commonOf(flags), kind: 'copy', from, parents: flags.bool('parents') ?? false };
}

export function readAdd(input: ReadInput): AddInstruction | undefined {
  const flags = readFlags(input.statement, addFlags, input.report);
  const read = readPaths(input);
  if (read === undefined) return undefined;
  const keepGitDir = flags.bool('keep-git-dir');
  return {
    ...read,
    ...commonOf(flags),
    kind: 'add',
    checksum: flags.string('checksum'),
    keepGitDir,
    unpack: flags.bool('unpack'),
  };
}

function commonOf(flags: Flags): Pick<CopyInstruction, 'chown' | 'chmod' | 'link' | 'excludes'> {
  return {
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.bool('link') ?? false,
    excludes: flags.list('exclude').map((word) => word.text),
  };
}

function notEmpty(word: Word | undefined): Word | undefined {
  return word === undefined || word.text === '' ? undefined : word;
}

function refuseVariable(input: ReadInput, from: Word): void {
  if (!from.text.includes('$') || isWithoutVariable(from.text, input.statement.escape)) return;
  const workaround = 'define a new stage with FROM using ARG from global scope as a workaround';
  const message = `variable expansion is not supported for --from, ${workaround}`;
  const hint = 'write `FROM <image with variables> AS <name>` above and `--from=<name>` here';
  input.report.error('DF_FROM_VARIABLE', message, from.span, hint);
}

function isWithoutVariable(text: string, escape: string): boolean {
  try {
    return parseWord(text, { escape }).every((part) => part.type === 'text');
  } catch {
    return false;
  }
}

interface Paths extends InstructionBase {
  readonly sources: readonly CopySource[];
  readonly dest: Word;
  readonly heredocs: readonly Heredoc[];
}

function readPaths(input: ReadInput): Paths | undefined {
  const { statement, around } = input;
  const json = jsonOrRefuse(input, statement.rest);
  if (json === false) return undefined;
  const words = json?.items ?? joinHeredocWords(listWords(statement.rest), around.heredocs);
  const isStray = json === undefined && findStray(input, words);
  const dest = words.at(-1);
  if (dest === undefined || words.length < 2) {
    if (isStray) return undefined;
    const problem = 'requires at least two arguments, but only one was provided. Destination could not be determined';
    return wrongCount(input, `${keywordOf(input)} ${problem}`, `write \`${keywordOf(input)} <source> <destination>\``);
  }
  const heredocs = json === undefined ? around.heredocs : [];
  const byStart = new Map(heredocs.map(({ start, heredoc }) => [start, heredoc]));
  if (byStart.has(dest.start)) {
    const message = `${keywordOf(input)} cannot accept a heredoc as a destination`;
    const hint = 'write the destination after the heredoc';
    input.report.error('DF_HEREDOC_DESTINATION', message, spanOf(statement, dest), hint);
    return undefined;
  }
  const byName = new Map(heredocs.map(({ heredoc }) => [heredoc.name, heredoc]));
  const sources = words.slice(0, -1).map((word): CopySource => {
    const own = byStart.get(word.start);
    if (own === undefined) return { type: 'path', path: wordOf(statement, word) };
    // Two heredocs of one name share the last one's body.
    const last = byName.get(own.name) ?? own;
    return { type: 'heredoc', heredoc: { ...own, content: last.content, rawContent: last.rawContent } };
  });
  return {
    ...base(input, json === undefined ? 'words' : 'json', textsOf(words)),
    sources,
    dest: wordOf(statement, dest),
    heredocs: heredocs.map(({ heredoc }) => heredoc),
  };
}

/** A heredoc word may hold blanks: `<< EOF`. */
function joinHeredocWords(words: readonly Slice[], heredocs: ReadInput['around']['heredocs']): readonly Slice[] {
  if (heredocs.length === 0) return words;
  const joined: Slice[] = [];
  let next = 0;
  for (const word of words) {
    while ((heredocs[next]?.end ?? Number.POSITIVE_INFINITY) <= word.start) next += 1;
    const placed = heredocs[next];
    if (placed === undefined || word.start < placed.start) joined.push(word);
    else if (word.start === placed.start) joined.push({ text: placed.heredoc.text, start: placed.start, end: placed.end });
  }
  return joined;
}

/** Report a `#` that was meant to start a comment. True when it was one for sure. */
function findStray(input: ReadInput, words: readonly Slice[]): boolean {
  const { statement, report } = input;
  const afterJson = strayAfterJson(statement, statement.rest);
  const unless = 'write `./#…` when a file of that name is meant';
  if (afterJson !== undefined) {
    reportStray(statement, afterJson, report, 'error');
    return true;
  }
  const stray = strayInList(words, 1);
  if (stray === undefined) return false;
  // `COPY a #b` names a destination; a lone `#` among the sources is nobody's file.
  const isCertain = stray.index >= 2 || (stray.word.text === '#' && stray.word !== words.at(-1));
  reportStray(statement, stray.word, report, isCertain ? 'error' : 'warning', { unless });
  return isCertain;
}
