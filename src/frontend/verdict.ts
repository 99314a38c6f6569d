import { SlipwayError } from '../base/index.ts';
import {
  checkDockerfile,
  type CheckRequest,
  type Diagnostic,
  type Dockerfile,
  type FileMistake,
  type Finding,
  firstMistake,
  type LintError,
  type ParseResult,
  violation,
} from '../dockerfile/index.ts';
import { findMistakes } from './find-mistakes.ts';
import type { CompileOptions, FrontendPorts } from './options.ts';

export interface Verdict {
  /** Where the Dockerfile breaks rules, in the order in which BuildKit tells it. */
  readonly findings: readonly Finding[];
  /** Mistakes in the text, in the order of the file. */
  readonly errors: readonly Diagnostic[];
  /** Mistakes that show when stages are compiled, in the order of the file; looked for when there are none in the text. */
  readonly mistakes: readonly FileMistake[];
  /** What a build fails with before anything runs. */
  readonly buildError: SlipwayError | undefined;
  /** The same in BuildKit's words, with the lines of the whole instruction. */
  readonly told: LintError | undefined;
}

export interface VerdictRequest {
  /** What the rules are told. Images are asked for after those of `ports` were looked up. */
  readonly rules: CheckRequest;
  readonly options: CompileOptions;
  /** Without them no image is looked up. */
  readonly ports: FrontendPorts | undefined;
}

/** Hold a Dockerfile against the rules, and compile the stages that the target needs, or every stage. */
export async function verdictOf(parsed: ParseResult, request: VerdictRequest, signal: AbortSignal): Promise<Verdict> {
  const { rules, options, ports } = request;
  const errors = parsed.diagnostics.filter(({ severity }) => severity === 'error');
  const found = errors.length === 0 ? await findMistakes(parsed.file, options, ports, signal) : [];
  // A registry that can't be asked says nothing about the Dockerfile; one that has no such image does.
  const own = found.filter(({ error }) => error.class === 'input' || error.code === 'REG_NOT_FOUND');
  const mistakes = own.map(({ error }) => mistakeOf(error, parsed.file)).sort(byPlace);
  const [first] = own;
  try {
    const stopsAt = first === undefined ? undefined : (first.instruction ?? 'names');
    const { findings, isError } = checkDockerfile(parsed, { ...rules, stopsAt });
    const buildError = errorOf(errors) ?? first?.error ?? (isError ? violation(findings) : undefined);
    const told = firstMistake(errors) ?? (buildError && { message: buildError.message, lines: linesOf(parsed.file, buildError) });
    return { findings, errors, mistakes, buildError, told };
  } catch (thrown) {
    // Settings of the file that can't be read.
    if (!(thrown instanceof SlipwayError)) throw thrown;
    return { findings: [], errors, mistakes, buildError: thrown, told: { message: thrown.message, lines: undefined } };
  }
}

function errorOf([first]: readonly Diagnostic[]): SlipwayError | undefined {
  return first && new SlipwayError(first.code, first.message, { at: first.at, hint: first.hint });
}

function byPlace({ at: { start: a } }: FileMistake, { at: { start: b } }: FileMistake): number {
  return a.line - b.line || a.column - b.column;
}

/** What stands nowhere in the file, such as a wrong target, is shown at its top. */
function mistakeOf({ code, message, at, hint }: SlipwayError, { file }: Dockerfile): FileMistake {
  const top = { line: 1, column: 1 };
  return { code, message, at: at ?? { file, start: top, end: top }, hint };
}

/** The lines of the instruction that the error is about. */
function linesOf({ instructions }: Dockerfile, { at }: SlipwayError): Diagnostic['lines'] | undefined {
  if (at === undefined) return undefined;
  const on = instructions.find(({ line, endLine }) => line <= at.start.line && at.start.line <= endLine);
  return on === undefined ? { first: at.start.line, last: at.end.line } : { first: on.line, last: on.endLine };
}
