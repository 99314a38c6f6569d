import type { SourceSpan } from '../base/index.ts';
import { expandToWords, expandWord, type Word } from '../dockerfile/index.ts';
import type { Digest, HistoryEntry, ImageConfig, Platform, RunConfig } from '../oci/index.ts';
import type { Draft, Drafts, StageLabel, Tree } from './draft.ts';
import type { GlobalArgs } from './globals.ts';
import type { CompileOptions } from './options.ts';
import type { Origin } from './origins.ts';
import { joinPath } from './paths.ts';
import type { PlannedInstruction } from './plan.ts';
import type { StepNames } from './step-names.ts';
import type { LocalSource } from './trees.ts';

/** What all stages of one compilation share. */
export interface Compilation {
  readonly options: CompileOptions;
  readonly globals: GlobalArgs;
  /** The time of the sources, in seconds since 1970. */
  readonly epochSec: number | undefined;
  readonly escape: string;
  readonly drafts: Drafts;
  /** The main build context; made at its first use. */
  context(): LocalSource;
  /** The tree behind `--from`, and who to tell which of its paths are used when it is a local directory. */
  from(origin: Origin, at: SourceSpan): { readonly tree: Tree; readonly local: LocalSource | undefined };
  /** What `--from` and `from=` mean. */
  origin(from: Word, allowIndex: boolean): Origin;
}

export interface DraftHistory {
  readonly createdBy: string;
  /** What makes the layer: `undefined` inside is a step that left nothing; no member is an entry without a layer. */
  readonly layer?: { readonly tree: Tree };
}

/** What a stage has become so far. Instructions replace its members one after the other. */
export interface StageBuild {
  readonly label: StageLabel;
  readonly platform: Platform;
  readonly steps: StepNames;
  tree: Tree;
  /** ENV and ARG in the order they were last set: what instructions and processes see. */
  env: Map<string, string>;
  /** Declared ARGs, with the value they got there. */
  args: Map<string, string>;
  config: RunConfig;
  author: string | undefined;
  unknown: Readonly<Record<string, unknown>>;
  /** Platform of the base image's config. */
  imagePlatform: Platform | undefined;
  baseDiffIds: readonly Digest[];
  baseHistory: readonly HistoryEntry[];
  history: readonly DraftHistory[];
  /** Has this stage a CMD of its own yet? */
  isCmdSet: boolean;
}

/** One instruction at work. */
export interface Step extends PlannedInstruction {
  readonly build: StageBuild;
  readonly compilation: Compilation;
}

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A stage that starts from nothing: how an image without a base runs. */
export const emptyConfig: RunConfig = { Env: [`PATH=${defaultPath}`], WorkingDir: '/' };

type InheritedImage = Pick<StageBuild, 'env' | 'config' | 'author' | 'unknown' | 'imagePlatform' | 'baseDiffIds' | 'baseHistory'>;

/** The members a stage takes from its base image; its triggers are consumed. */
export function inheritImage(image: ImageConfig | undefined): InheritedImage {
  const { OnBuild: _consumed, ...config } = image?.config ?? emptyConfig;
  const env = config.Env ?? [];
  const hasPath = env.some((line) => line.startsWith('PATH='));
  const lines = hasPath ? env : [...env, `PATH=${defaultPath}`];
  return {
    env: setVariables(new Map(), lines.map(splitEnv)),
    config: { ...config, Env: lines, ...(config.WorkingDir ? { WorkingDir: joinPath('/', config.WorkingDir) } : {}) },
    author: image?.author,
    unknown: image?.unknown ?? {},
    imagePlatform: image?.platform,
    baseDiffIds: image?.diffIds ?? [],
    baseHistory: image?.history ?? [],
  };
}

/** What a stage inherits from another one. The parent's ENV comes back over ARGs of the same name. */
export function inheritStage(parent: StageBuild): StageBuild {
  const { OnBuild: _consumed, ...config } = parent.config;
  return { ...parent, config, env: setVariables(parent.env, (config.Env ?? []).map(splitEnv)), isCmdSet: false };
}

/** Set each in turn; what is set again moves to the end, as in BuildKit's processes. */
export function setVariables(
  env: ReadonlyMap<string, string>,
  pairs: readonly (readonly [string, string])[],
): Map<string, string> {
  const result = new Map(env);
  for (const [name, value] of pairs) {
    result.delete(name);
    result.set(name, value);
  }
  return result;
}

function splitEnv(line: string): [string, string] {
  const equals = line.indexOf('=');
  return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
}

/** Expand one word with what the stage has defined so far. */
export function expand({ build, compilation }: Step, word: Word | string): string {
  return expandWord(word, (name) => build.env.get(name), { escape: compilation.escape }).value;
}

export function expandList({ build, compilation }: Step, word: Word): readonly string[] {
  return expandToWords(word, (name) => build.env.get(name), { escape: compilation.escape }).words;
}

/** Record an instruction that changes only the config. */
export function commitEmpty(build: StageBuild, createdBy: string): void {
  build.history = [...build.history, { createdBy }];
}

/** Let the stage go on from `tree`, with a layer in its history. */
export function commitLayer(build: StageBuild, createdBy: string, tree: Tree): void {
  build.tree = tree;
  build.history = [...build.history, { createdBy, layer: { tree } }];
}

/** The members every draft of an instruction has. `isUncached`: for RUN, COPY and ADD. */
export function draftOf(step: Step, name: string, isUncached = false): Pick<Draft, 'name' | 'at' | 'stage' | 'ignoreCache'> {
  const { build, compilation, at } = step;
  return { name, at, stage: build.label, ignoreCache: isUncached && compilation.options.noCache === true };
}
