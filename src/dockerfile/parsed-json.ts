import type { Dockerfile, Flag, Heredoc, Instruction } from './instruction.ts';

/** A Dockerfile as `slipway parse --json` prints it. Members are only ever added. */
export interface ParsedDockerfile {
  /** The parser directives at the top, as far as they are there. */
  readonly directives: { readonly syntax?: string; readonly escape?: string; readonly check?: string };
  readonly instructions: readonly ParsedInstruction[];
}

export interface ParsedInstruction {
  /** In capitals; `original` has it as written. */
  readonly keyword: string;
  /** `--name` and `--name=value`, quotes of the value removed. */
  readonly flags: readonly string[];
  /**
   * Items of the JSON array, the text for a shell, or the words; quotes are kept and no variable is expanded. The one
   * argument of ONBUILD is an instruction; it is a text only when it can't be read as one.
   */
  readonly args: readonly (string | ParsedInstruction)[];
  readonly form: 'shell' | 'json' | 'words';
  readonly heredocs: readonly ParsedHeredoc[];
  /** First and last physical line, 1-based, heredoc bodies included. */
  readonly line: number;
  readonly endLine: number;
  /** Continued lines joined; no comments, no heredoc bodies. */
  readonly original: string;
}

export type ParsedHeredoc = Pick<Heredoc, 'name' | 'content' | 'expand' | 'stripTabs'>;

/** The parts of a syntax tree that other programs ask for, as plain JSON. */
export function toParsedDockerfile({ directives, instructions }: Dockerfile): ParsedDockerfile {
  const { syntax, check, escapeDirective } = directives;
  return {
    directives: {
      ...(syntax === undefined ? {} : { syntax: syntax.value }),
      ...(escapeDirective === undefined ? {} : { escape: escapeDirective.value }),
      ...(check === undefined ? {} : { check: check.value }),
    },
    instructions: instructions.map(toParsedInstruction),
  };
}

function toParsedInstruction(instruction: Instruction): ParsedInstruction {
  const { keyword, flags, line, endLine, original } = instruction;
  return {
    keyword: keyword.toUpperCase(),
    flags: flags.map(flagText),
    args: argsOf(instruction),
    form: instruction.form === 'json' || instruction.form === 'shell' ? instruction.form : 'words',
    heredocs: 'heredocs' in instruction ? instruction.heredocs.map(toParsedHeredoc) : [],
    line,
    endLine,
    original,
  };
}

function argsOf(instruction: Instruction): ParsedInstruction['args'] {
  if (instruction.kind !== 'onbuild' || instruction.trigger === undefined) return instruction.args;
  return [toParsedInstruction(instruction.trigger)];
}

function flagText({ name, value }: Flag): string {
  return value === undefined ? `--${name}` : `--${name}=${value}`;
}

function toParsedHeredoc({ name, content, expand, stripTabs }: Heredoc): ParsedHeredoc {
  return { name, content, expand, stripTabs };
}
