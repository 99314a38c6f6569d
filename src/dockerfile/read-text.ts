import { readFlags } from './flags.ts';
import type {
  ExposeInstruction,
  InstructionBase,
  MaintainerInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  Word,
  WorkdirInstruction,
} from './instruction.ts';
import { base, jsonOrRefuse, keywordOf, type ReadInput, textsOf, wrongCount } from './read.ts';
import { listWords, spanOf, wordOf } from './statement.ts';
import { warnInList, warnInText } from './stray-comment.ts';

interface OneText {
  readonly base: InstructionBase;
  readonly word: Word;
}

/** The instructions whose one argument is the rest of the line. */
function readOneText(input: ReadInput, unless?: string): OneText | undefined {
  const { statement, report } = input;
  const { rest } = statement;
  if (rest.text === '') return wrongCount(input, `${keywordOf(input)} requires exactly one argument`);
  warnInText(statement, report, unless);
  return { base: base(input, 'text', [rest.text]), word: wordOf(statement, rest) };
}

export function readWorkdir(input: ReadInput): WorkdirInstruction | undefined {
  readFlags(input.statement, {}, input.report);
  const read = readOneText(input, 'put the path in quotes');
  return read === undefined ? undefined : { ...read.base, kind: 'workdir', path: read.word };
}

export function readUser(input: ReadInput): UserInstruction | undefined {
  readFlags(input.statement, {}, input.report);
  const read = readOneText(input);
  return read === undefined ? undefined : { ...read.base, kind: 'user', user: read.word };
}

export function readMaintainer(input: ReadInput): MaintainerInstruction | undefined {
  readFlags(input.statement, {}, input.report);
  const read = readOneText(input);
  return read === undefined ? undefined : { ...read.base, kind: 'maintainer', author: read.word.text };
}

/** STOPSIGNAL ignores flags altogether. */
export function readStopsignal(input: ReadInput): StopsignalInstruction | undefined {
  const read = readOneText(input);
  return read === undefined ? undefined : { ...read.base, kind: 'stopsignal', signal: read.word };
}

export function readExpose(input: ReadInput): ExposeInstruction | undefined {
  const { statement, report } = input;
  readFlags(statement, {}, report);
  const words = listWords(statement.rest);
  if (words.length === 0)
    return wrongCount(input, 'EXPOSE requires at least one argument', 'write `EXPOSE 8080` or `EXPOSE 53/udp`');
  warnInList(statement, report);
  return { ...base(input, 'words', textsOf(words)), kind: 'expose', ports: words.map((word) => wordOf(statement, word)) };
}

export function readVolume(input: ReadInput): VolumeInstruction | undefined {
  const { statement, report } = input;
  readFlags(statement, {}, report);
  const json = jsonOrRefuse(input, statement.rest);
  if (json === false) return undefined;
  const words = json?.items ?? listWords(statement.rest);
  if (words.length === 0) return wrongCount(input, 'VOLUME requires at least one argument', 'write `VOLUME /data`');
  if (json === undefined) warnInList(statement, report);
  const paths = words.map((word) => ({ ...wordOf(statement, word), text: word.text.trim() }));
  for (const [index, path] of paths.entries()) {
    if (path.text !== '') continue;
    const word = words[index] ?? statement.rest;
    report.error('DF_EMPTY_VOLUME', 'VOLUME specified can not be an empty string', spanOf(statement, word));
  }
  return { ...base(input, json === undefined ? 'words' : 'json', textsOf(words)), kind: 'volume', paths };
}
