import type { SourceSpan } from '../base/index.ts';

/** Raw text of one argument: quotes, escapes and `$` kept. What it means is known only after `expandWord`. */
export interface Word {
  readonly text: string;
  readonly span: SourceSpan;
}

/** One `--name[=value]` before the arguments. Quotes of the value are already removed; variables are not expanded. */
export interface Flag {
  readonly name: string;
  /** `undefined` when the flag has no `=`. */
  readonly value: string | undefined;
  readonly span: SourceSpan;
}

/** An in-line file. `content` has leading tabs removed when `stripTabs`; variables are not expanded yet. */
export interface Heredoc {
  readonly name: string;
  readonly content: string;
  /** True when no part of the name was quoted: COPY and ADD then expand variables in `content`. */
  readonly expand: boolean;
  readonly stripTabs: boolean;
  /** Digits before `<<`; 0 when there are none. */
  readonly fd: number;
  /** The word as written: `3<<-'EOF'`. */
  readonly text: string;
  /** The body as written, with its tabs and line ends: what a shell reads that handles the heredoc itself. */
  readonly rawContent: string;
  /** The word that announces it. */
  readonly span: SourceSpan;
}

/** How the arguments were written: a JSON array, text for a shell, or words. */
export type CommandLine =
  | { readonly form: 'exec'; readonly args: readonly string[] }
  | { readonly form: 'shell'; readonly text: string };

/** What every instruction has. */
export interface InstructionBase {
  /** From the instruction word to the last character of the instruction, heredoc ends included. */
  readonly span: SourceSpan;
  /** First and last physical line, 1-based; heredoc bodies included. */
  readonly line: number;
  readonly endLine: number;
  /** The instruction word as written, `copy` or `COPY`. */
  readonly keyword: string;
  /** The instruction's text with continued lines joined; no comments, no heredoc bodies. */
  readonly original: string;
  /** Everything after the instruction word and its flags, trimmed. */
  readonly rest: Word;
  /** Comments directly above, without `#` and outer blanks. */
  readonly comments: readonly string[];
  /** All flags in order, as written. */
  readonly flags: readonly Flag[];
  /** How the arguments were read. `text` is one raw string. */
  readonly form: 'json' | 'shell' | 'words' | 'pairs' | 'text' | 'instruction';
  /** The arguments as read: items of the JSON array, words, or the one raw string. */
  readonly args: readonly string[];
}

export interface FromInstruction extends InstructionBase {
  readonly kind: 'from';
  readonly image: Word;
  /** Lower-cased name after AS. */
  readonly name: string | undefined;
  /** The name, and the keyword AS, as written. */
  readonly nameWord: Word | undefined;
  readonly asWord: Word | undefined;
  /** Value of `--platform`, unexpanded. */
  readonly platform: Word | undefined;
  /** From a comment `# <name> <description>` above. */
  readonly description: string | undefined;
}

export interface ArgDeclaration {
  /** Unexpanded; quotes kept. */
  readonly name: Word;
  /** `undefined` when there is no `=`; an empty text after `NAME=`. */
  readonly value: Word | undefined;
  readonly description: string | undefined;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  readonly declarations: readonly ArgDeclaration[];
}

export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: 'env';
  readonly pairs: readonly KeyValue[];
  /** Written as `KEY rest of line`. */
  readonly isLegacy: boolean;
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: 'label';
  readonly pairs: readonly KeyValue[];
  readonly isLegacy: boolean;
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'maintainer';
  /** Not expanded by anybody. */
  readonly author: string;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'workdir';
  readonly path: Word;
}

export interface UserInstruction extends InstructionBase {
  readonly kind: 'user';
  readonly user: Word;
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: 'expose';
  /** In the order of the file: sort by text before expanding, each with `expandToWords`. */
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: 'volume';
  readonly paths: readonly Word[];
}

export interface CmdInstruction extends InstructionBase {
  readonly kind: 'cmd';
  readonly command: CommandLine;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly kind: 'entrypoint';
  readonly command: CommandLine;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: 'shell';
  readonly shell: readonly string[];
}

export type Healthcheck =
  | { readonly type: 'none' }
  | {
      readonly type: 'cmd';
      readonly command: CommandLine;
      /** Nanoseconds; 0 means "the runtime's default" and is left out of the image config. */
      readonly intervalNs: number;
      readonly timeoutNs: number;
      readonly startPeriodNs: number;
      readonly startIntervalNs: number;
      readonly retries: number;
    };

export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  readonly check: Healthcheck;
}

export interface StopsignalInstruction extends InstructionBase {
  readonly kind: 'stopsignal';
  /** Check with `isSignal` after expansion. */
  readonly signal: Word;
}

/** One field of `--mount`, as written: unexpanded, the key lower-cased. */
export interface MountField {
  readonly key: string;
  /** `undefined` for a bare word such as `ro`. */
  readonly value: string | undefined;
}

/** The fields of one `--mount`; `parseMount` makes a typed mount of it once variables are known. */
export interface RawMount {
  readonly text: string;
  readonly fields: readonly MountField[];
  /** The `from` field: never holds a variable. */
  readonly from: string | undefined;
  readonly span: SourceSpan;
}

/** One `--device`. */
export interface RunDevice {
  readonly name: string;
  readonly required: boolean;
}

export interface RunInstruction extends InstructionBase {
  readonly kind: 'run';
  readonly command: CommandLine;
  readonly mounts: readonly RawMount[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly devices: readonly RunDevice[];
  readonly heredocs: readonly Heredoc[];
}

/** A source of COPY or ADD: a word to expand, or a heredoc. */
export type CopySource = { readonly type: 'path'; readonly path: Word } | { readonly type: 'heredoc'; readonly heredoc: Heredoc };

interface CopyBase extends InstructionBase {
  readonly sources: readonly CopySource[];
  readonly dest: Word;
  readonly chown: Word | undefined;
  readonly chmod: Word | undefined;
  readonly link: boolean;
  readonly excludes: readonly string[];
  readonly heredocs: readonly Heredoc[];
}

export interface CopyInstruction extends CopyBase {
  readonly kind: 'copy';
  /** Stage name or index, named context, or image; not expanded by anybody. */
  readonly from: Word | undefined;
  readonly parents: boolean;
}

export interface AddInstruction extends CopyBase {
  readonly kind: 'add';
  readonly checksum: Word | undefined;
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'onbuild';
  /** What the image config stores: the nested instruction as written, heredoc bodies appended. */
  readonly text: string;
  /** `undefined` when `text` can't be read; the build that runs it will fail. */
  readonly trigger: Exclude<Instruction, OnbuildInstruction | FromInstruction | MaintainerInstruction> | undefined;
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | MaintainerInstruction
  | WorkdirInstruction
  | UserInstruction
  | ExposeInstruction
  | VolumeInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ShellInstruction
  | HealthcheckInstruction
  | StopsignalInstruction
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | OnbuildInstruction;

export type InstructionKind = Instruction['kind'];

/** What may stand inside a stage, after its FROM. */
export type StageInstruction = Exclude<Instruction, FromInstruction>;

export interface Stage {
  readonly index: number;
  /** Lower-cased name after AS. */
  readonly name: string | undefined;
  readonly from: FromInstruction;
  /** In order; FROM itself is not among them. */
  readonly instructions: readonly StageInstruction[];
  /** Those of them that run in the stages built on this one. */
  readonly triggers: readonly OnbuildInstruction[];
}

export interface Directive {
  readonly value: string;
  readonly span: SourceSpan;
}

export interface Directives {
  readonly syntax: Directive | undefined;
  readonly check: Directive | undefined;
  /** The escape token in force. */
  readonly escape: '\\' | '`';
  /** The directive that names it, if there is one. */
  readonly escapeDirective: Directive | undefined;
}

export interface Dockerfile {
  /** The name given to `parseDockerfile`, the `file` of every span. */
  readonly file: string;
  readonly directives: Directives;
  /** ARG instructions before the first FROM. */
  readonly args: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** Every instruction that could be parsed, in order, also those outside any stage. */
  readonly instructions: readonly Instruction[];
  /** Physical lines without their ends, for code frames. */
  readonly lines: readonly string[];
}

/** One mistake or doubt about a Dockerfile. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: `DF_${Uppercase<string>}`;
  /** BuildKit's name of the rule, for warnings that have one. */
  readonly rule?: string;
  readonly message: string;
  readonly at: SourceSpan;
  /** The physical lines of the whole instruction, 1-based, both included. */
  readonly lines: { readonly first: number; readonly last: number };
  readonly hint?: string;
}
