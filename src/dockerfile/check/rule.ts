import type { SourceSpan } from '../../base/index.ts';
import type { Diagnostic, Dockerfile, Instruction } from '../instruction.ts';
import type { StageRun, StageStep } from './stage-run.ts';
import type { GlobalScope } from './globals.ts';

/** A change of text: what stands in `span` becomes `text`. */
export interface TextEdit {
  readonly span: SourceSpan;
  readonly text: string;
}

/** One place where a rule is broken. */
export interface Problem {
  readonly message: string;
  /** The exact place. */
  readonly at: SourceSpan;
  /** The instruction it belongs to; `undefined` for what belongs to lines only. */
  readonly on: Instruction | undefined;
  /** For what is found on the way through the stages: at which step, and which of its parts. */
  readonly when?: { readonly step: StageStep; readonly part?: number };
  readonly hint?: string;
  /** What repairs it beyond doubt. */
  readonly edits?: readonly TextEdit[];
}

/** What the image that a stage starts from says of itself. */
export interface BaseImage {
  /** `NAME=value` lines. */
  readonly env: readonly string[];
  readonly shell?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly onbuild?: readonly string[] | undefined;
  /** `os/arch[/variant]`. */
  readonly platform?: string | undefined;
}

export interface CheckOptions {
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Only this stage and what it needs is built; without it, rules about what is built look at every stage. */
  readonly target?: string | undefined;
  /** `os/arch[/variant]` of the image and of the machine. Default: linux/amd64. */
  readonly platform?: string | undefined;
  readonly buildPlatform?: string | undefined;
  /** Text of the ignore file of the main context, if there is one. */
  readonly ignoreFile?: string | undefined;
  /**
   * The base image of a stage: `name` as FROM names it after expansion, for `platform`. `undefined` when it isn't
   * known: then the rules that depend on it keep silent.
   */
  readonly baseImage?: ((name: string, platform: string) => BaseImage | undefined) | undefined;
}

/** What a rule looks at. */
export interface CheckView {
  readonly file: Dockerfile;
  /** What the parser found. */
  readonly diagnostics: readonly Diagnostic[];
  readonly globals: GlobalScope;
  /** The stages that are built, in the order of the file. */
  readonly runs: readonly StageRun[];
  readonly options: CheckOptions;
}

/** When BuildKit tells it: while it splits lines, reads instructions, looks at all stages, or runs through those to build. */
export type Phase = 'lines' | 'parse' | 'graph' | 'dispatch';

export interface Rule {
  readonly name: string;
  readonly phase: Phase;
  /** One sentence. */
  readonly description: string;
  /** Where more is said; BuildKit's own page for its rules. */
  readonly url: string | undefined;
  /** Off unless asked for. */
  readonly isExperimental?: true;
  /** One of ours, which BuildKit does not know. */
  readonly isOwn?: true;
  readonly find: (view: CheckView) => Iterable<Problem>;
}

/** The page of a rule of BuildKit. */
export function pageOf(name: string): string {
  const kebab = name.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  return `https://docs.docker.com/go/dockerfile/rule/${kebab}/`;
}

/** The place of the instruction's first word. */
export function keywordSpan({ span, keyword }: Instruction): SourceSpan {
  const { file, start } = span;
  return { file, start, end: { line: start.line, column: start.column + keyword.length } };
}
