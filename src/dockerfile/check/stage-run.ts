import { SlipwayError } from '../../base/index.ts';
import {
  type ExpandOptions,
  expandHeredoc,
  expandToWords,
  type VariableLookup,
  type Variables,
  variablesUntilFailure,
} from '../expand.ts';
import { inheritedVariable } from '../growth.ts';
import type { Dockerfile, FromInstruction, Instruction, Stage, StageInstruction, Word } from '../instruction.ts';
import { parseTrigger } from '../parse.ts';
import { type GlobalScope, ownValue, tryExpand } from './globals.ts';
import { suggestName } from './suggest-name.ts';
import { inheritedTriggers, neededStages, stageNamed } from './needed-stages.ts';
import type { BaseImage, CheckOptions } from './rule.ts';

/** What a stage starts from. */
export type StageBase =
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'scratch' }
  /** `image` is `undefined` when it isn't known. */
  | { readonly kind: 'image'; readonly name: string; readonly platform: string; readonly image: BaseImage | undefined };

/** A variable that a word looks up and nobody defined. */
export interface UnsetVariable {
  readonly word: Word;
  readonly name: string;
  /** The defined one that is nearest. */
  readonly meant: string | undefined;
}

/** One instruction in the order of the build, and what it sees. */
export interface StageStep {
  readonly instruction: StageInstruction;
  /** The instruction, or the FROM that pulled the trigger in. */
  readonly on: StageInstruction | FromInstruction;
  readonly unset: readonly UnsetVariable[];
  /** Of SHELL, here or inherited. */
  readonly hasShell: boolean;
  /** The values of its words after expansion; a word that can't be expanded is missing. */
  readonly expanded: ReadonlyMap<Word, string>;
}

/** One stage, gone through as a build would. */
export interface StageRun {
  readonly stage: Stage;
  readonly base: StageBase;
  /** Is everything that the stage inherits known, back to scratch? */
  readonly isBaseKnown: boolean;
  /** The stage of this file that it is built on. */
  readonly parent: StageRun | undefined;
  /** Does it set a WORKDIR, itself or in a stage it is built on? */
  readonly hasWorkdir: boolean;
  readonly steps: readonly StageStep[];
  /** After its last instruction. */
  readonly env: Map<string, string>;
  readonly declared: Set<string>;
  readonly hasShell: boolean;
}

/** Go through the stages that are built; each stage comes after the one it is based on. */
export function runStages(file: Dockerfile, globals: GlobalScope, options: CheckOptions): readonly StageRun[] {
  const runs = new Map<number, StageRun>();
  const wanted = neededStages(file, globals, options.target);
  for (const stage of file.stages) {
    if (wanted.has(stage.index)) runs.set(stage.index, runStage(stage, file, globals, options, runs));
  }
  return [...runs.values()];
}

function runStage(
  stage: Stage,
  file: Dockerfile,
  globals: GlobalScope,
  options: CheckOptions,
  runs: ReadonlyMap<number, StageRun>,
): StageRun {
  const base = baseOf(stage, file, globals, options);
  const parent = base.kind === 'stage' ? runs.get(base.index) : undefined;
  const image = base.kind === 'image' ? base.image : undefined;
  const scope = new StageScope(file.directives.escape, globals, options);
  if (parent !== undefined) scope.inherit(parent);
  else scope.start(image);
  const triggers = parent === undefined ? triggersOf(image, stage) : inheritedTriggers(parent.stage, globals);
  const steps = [
    ...triggers.map((trigger) => scope.step(trigger, stage.from)),
    ...stage.instructions.map((instruction) => scope.step(instruction, instruction)),
  ];
  return {
    stage,
    base,
    isBaseKnown: parent === undefined ? base.kind !== 'image' || image !== undefined : parent.isBaseKnown,
    parent,
    hasWorkdir: parent?.hasWorkdir === true || steps.some(({ instruction }) => instruction.kind === 'workdir'),
    steps,
    env: scope.env,
    declared: scope.declared,
    hasShell: scope.hasShell,
  };
}

function baseOf(stage: Stage, file: Dockerfile, globals: GlobalScope, options: CheckOptions): StageBase {
  const how = { escape: file.directives.escape, growth: globals.growth };
  const expand = (word: Word): string => tryExpand(word, (name) => globals.values.get(name), how)?.value ?? '';
  const name = expand(stage.from.image);
  const index = stageNamed(globals, name, stage.index);
  if (index !== undefined) return { kind: 'stage', index };
  if (name === 'scratch') return { kind: 'scratch' };
  const platform = (stage.from.platform && expand(stage.from.platform)) || globals.targetPlatform;
  return { kind: 'image', name, platform, image: name === '' ? undefined : options.baseImage?.(name, platform) };
}

function triggersOf(image: BaseImage | undefined, stage: Stage): readonly StageInstruction[] {
  return (image?.onbuild ?? []).flatMap((text) => parseTrigger(text, stage.from.span).instruction ?? []);
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The variables of a stage while its instructions pass. */
class StageScope {
  env: Map<string, string> = new Map();
  declared: Set<string> = new Set();
  hasShell = false;
  readonly #how: ExpandOptions;
  readonly #globals: GlobalScope;
  readonly #options: CheckOptions;
  #expanded = new Map<Word, string>();
  #unset: UnsetVariable[] = [];
  /** Has a word of the instruction failed? Those after it are not looked at. */
  #isStopped = false;

  constructor(escape: string, globals: GlobalScope, options: CheckOptions) {
    this.#how = { escape, growth: globals.growth };
    this.#globals = globals;
    this.#options = options;
  }

  start(image: BaseImage | undefined): void {
    const pairs = (image?.env ?? []).map((line): [string, string] => {
      const equals = line.indexOf('=');
      return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
    });
    this.env = pairs.some(([name]) => name === 'PATH') ? new Map(pairs) : new Map([...pairs, ['PATH', defaultPath]]);
    this.hasShell = (image?.shell ?? []).length > 0;
  }

  inherit({ env, declared, hasShell }: StageRun): void {
    // Where that would be too much, which a build refuses, they share them.
    const copies = this.#globals.growth.takes((env.size + declared.size) * inheritedVariable);
    this.env = copies ? new Map(env) : env;
    this.declared = copies ? new Set(declared) : declared;
    this.hasShell = hasShell;
  }

  step(instruction: StageInstruction, on: StageStep['on']): StageStep {
    this.#expanded = new Map();
    this.#unset = [];
    this.#isStopped = false;
    if (instruction.kind === 'arg') this.#declare(instruction);
    else for (const word of expandedWords(instruction)) this.#expand(word);
    if (instruction.kind === 'expose') for (const word of instruction.ports) this.#expandPorts(word);
    if (instruction.kind === 'copy' || instruction.kind === 'add') this.#expandBodies(instruction);
    if (instruction.kind === 'env')
      this.#set(instruction.pairs.map(({ key, value }) => [this.#valueOf(key), this.#valueOf(value)]));
    if (instruction.kind === 'shell') this.hasShell = true;
    return { instruction, on, unset: this.#unset, hasShell: this.hasShell, expanded: this.#expanded };
  }

  #declare({ declarations }: Extract<Instruction, { kind: 'arg' }>): void {
    const { buildArgs = {} } = this.#options;
    for (const { name: word, value } of declarations) {
      const name = word.text;
      let given = ownValue(buildArgs, name);
      if (given === undefined && value !== undefined) {
        this.#expand(value);
        given = this.#valueOf(value);
      }
      given ??= this.#globals.values.get(name);
      if (given !== undefined) this.#set([[name, given]]);
      this.declared.add(name);
    }
  }

  #set(pairs: readonly (readonly [string, string])[]): void {
    for (const [name, value] of pairs) {
      this.env.delete(name);
      this.env.set(name, value);
    }
  }

  #lookup: VariableLookup = (name) => this.env.get(name);

  #valueOf(word: Word): string {
    return this.#expanded.get(word) ?? word.text;
  }

  #expand(word: Word): void {
    if (this.#isStopped) return;
    const expansion = tryExpand(word, this.#lookup, this.#how);
    this.#isStopped = expansion === undefined;
    if (expansion !== undefined) this.#expanded.set(word, expansion.value);
    this.#note(word, expansion ?? variablesUntilFailure(word, this.#lookup, this.#how));
  }

  #expandPorts(word: Word): void {
    attempt(() => {
      const ports = expandToWords(word, this.#lookup, this.#how);
      this.#expanded.set(word, ports.words.join(' '));
    });
  }

  #expandBodies({ heredocs }: Extract<Instruction, { kind: 'copy' | 'add' }>): void {
    // Of two with one name the last one's text counts.
    const lastOf = new Map(heredocs.map((heredoc) => [heredoc.name, heredoc]));
    for (const { name, text, span } of heredocs) {
      const last = lastOf.get(name);
      if (last !== undefined) attempt(() => this.#note({ text, span }, expandHeredoc(last, this.#lookup, this.#how.growth)));
    }
  }

  #note(word: Word, { unset }: Variables): void {
    for (const name of unset) {
      if (!this.declared.has(name)) this.#unset.push({ word, name, meant: suggestName(name, this.env.keys()) });
    }
  }
}

/** What an instruction expands as single words, in BuildKit's order; ARG and EXPOSE have rules of their own. */
function expandedWords(instruction: StageInstruction): readonly Word[] {
  switch (instruction.kind) {
    case 'env':
    case 'label':
      return instruction.pairs.flatMap(({ key, value }) => [key, value]);
    case 'copy':
    case 'add': {
      const flags = [instruction.chown, instruction.chmod, instruction.kind === 'add' ? instruction.checksum : undefined];
      const paths = instruction.sources.flatMap((source) => (source.type === 'path' ? [source.path] : []));
      return [...flags.filter((word) => word !== undefined), ...paths, instruction.dest];
    }
    case 'user':
      return [instruction.user];
    case 'workdir':
      return [instruction.path];
    case 'volume':
      return instruction.paths;
    case 'stopsignal':
      return [instruction.signal];
    case 'run':
      return instruction.mounts.flatMap(({ fields, span }) =>
        fields.flatMap(({ key, value }) => (value === undefined || key === 'from' ? [] : [{ text: value, span }])),
      );
    default:
      return [];
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
}
