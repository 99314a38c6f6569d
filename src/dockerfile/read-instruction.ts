import { nearest } from '../base/index.ts';
import { readFlags } from './flags.ts';
import type { Instruction, InstructionKind, OnbuildInstruction } from './instruction.ts';
import { base, type ReadInput, wrongCount } from './read.ts';
import { readCmd, readEntrypoint, readRun, readShell } from './read-command.ts';
import { readAdd, readCopy } from './read-copy.ts';
import { readArg, readFrom } from './read-from.ts';
import { readHealthcheck } from './read-healthcheck.ts';
import { readEnv, readLabel } from './read-pairs.ts';
import { readExpose, readMaintainer, readStopsignal, readUser, readVolume, readWorkdir } from './read-text.ts';
import { cutStatement, jsonArgs, type Statement, spanOf } from './statement.ts';

type Readers = { [K in InstructionKind]: (input: ReadInput) => Extract<Instruction, { kind: K }> | undefined };

const readers: Readers = {
  from: readFrom,
  arg: readArg,
  env: readEnv,
  label: readLabel,
  maintainer: readMaintainer,
  workdir: readWorkdir,
  user: readUser,
  expose: readExpose,
  volume: readVolume,
  cmd: readCmd,
  entrypoint: readEntrypoint,
  shell: readShell,
  healthcheck: readHealthcheck,
  stopsignal: readStopsignal,
  run: readRun,
  copy: readCopy,
  add: readAdd,
  onbuild: readOnbuild,
};

export function kindOf(keyword: string): InstructionKind | undefined {
  const kind = keyword.toLowerCase();
  return Object.hasOwn(readers, kind) ? (kind as InstructionKind) : undefined;
}

/** Make a typed instruction of a statement; `undefined` when so much is wrong that nothing can be made of it. */
export function readInstruction(input: ReadInput): Instruction | undefined {
  const kind = kindOf(input.statement.keyword);
  if (kind === undefined) {
    reportUnknown(input);
    return undefined;
  }
  return readers[kind](input);
}

function reportUnknown({ statement, report }: ReadInput): void {
  const { keyword, start } = statement;
  const name = nearest(keyword, Object.keys(readers));
  const near = keyword === keyword.toUpperCase() ? name?.toUpperCase() : name;
  const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
  const looksContinued = !/^[A-Za-z]/.test(keyword);
  const hint = looksContinued ? `if this belongs to the line above, end that line with \`${statement.escape}\`` : undefined;
  const at = spanOf(statement, { start, end: start + keyword.length });
  report.error(
    'DF_UNKNOWN_INSTRUCTION',
    `unknown instruction: ${keyword}${meant}`,
    at,
    near === undefined ? hint : `write \`${near}\``,
  );
}

/** May heredocs follow this statement? They may in RUN, COPY and ADD, also under ONBUILD, but never in JSON form. */
export function canHaveHeredocs(statement: Statement): boolean {
  const kind = kindOf(statement.keyword);
  if (kind === 'onbuild') {
    const nested = nestedStatement(statement);
    return kindOf(nested.keyword) !== 'onbuild' && canHaveHeredocs(nested);
  }
  return (kind === 'run' || kind === 'copy' || kind === 'add') && jsonArgs(statement.rest) === undefined;
}

function nestedStatement({ source, rest, escape }: Statement): Statement {
  return cutStatement(source, rest.start, rest.end, escape);
}

/** Mistakes in the trigger break only the builds that run it: they are warnings here. */
function readOnbuild(input: ReadInput): OnbuildInstruction | undefined {
  const { statement, around, report } = input;
  readFlags(statement, {}, report);
  const nested = nestedStatement(statement);
  const at = spanOf(statement, { start: nested.start, end: nested.start + nested.keyword.length });
  const refuse = (message: string): undefined => {
    report.error('DF_BAD_ONBUILD', message, at);
    return undefined;
  };
  const keyword = nested.keyword.toUpperCase();
  if (keyword === '') return wrongCount(input, 'ONBUILD requires at least one argument', 'write an instruction after ONBUILD');
  if (keyword === 'ONBUILD') return refuse("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (keyword === 'FROM' || keyword === 'MAINTAINER') return refuse(`${keyword} isn't allowed as an ONBUILD trigger`);
  const instruction = readInstruction({ statement: nested, around: { ...around, comments: [] }, report: report.softened() });
  const bodies = around.heredocs.map(({ heredoc }) => `\n${heredoc.rawContent}${heredoc.name}`).join('');
  const isTrigger = instruction !== undefined && isAllowedTrigger(instruction);
  return {
    ...base(input, 'instruction', [statement.rest.text]),
    kind: 'onbuild',
    text: `${statement.rest.text}${bodies}`,
    trigger: isTrigger ? instruction : undefined,
  };
}

function isAllowedTrigger(instruction: Instruction): instruction is NonNullable<OnbuildInstruction['trigger']> {
  return instruction.kind !== 'onbuild' && instruction.kind !== 'from' && instruction.kind !== 'maintainer';
}
