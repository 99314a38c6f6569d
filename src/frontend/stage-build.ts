import type { SourceSpan } from '../base/index.ts';
import { expandToWords, expandWord, type Growth, inheritedVariable, type Word } from '../dockerfile/index.ts';
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
  /** Of all words so far. */
  readonly growth: Growth;
  readonly drafts: Drafts;
  /** The main build context; made at its first use. */
  context(): LocalSource;
  /** The tree behind `--from`, and who to tell which of its paths are used when it is a local directory. */
  from(origin: Origin, at: SourceSpan): { readonly tree: Tree; readonly local: LocalSource | undefined };
  /** What `--from` and `from=` mean. */
  origin(from: Word, allowIndex: boolean): Origin;
}

interface DraftHistory {
  readonly createdBy: string;
  /** What makes the layer: `undefined` inside is a step that left nothing; no member is an entry without a layer. */
  readonly layer?: { readonly tree: Tree };
}

/** What a stage has become so far. Its maps and lists are its own, and grow in place: copying them for each of many instructions adds up. */
export interface StageBuild {
  readonly label: StageLabel;
  readonly platform: Platform;
  readonly steps: StepNames;
  tree: Tree;
  /** ENV and ARG in the order they were last set: what instructions and processes see. */
  readonly env: Map<string, string>;
  /** Declared ARGs, with the value they got there. */
  readonly args: Map<string, string>;
  /** Its Env, Labels, ports, volumes and triggers are those of the base: they grow apart from it, see `wholeConfig`. */
  config: RunConfig;
  readonly configEnv: EnvLines;
  readonly labels: Map<string, string>;
  readonly ports: Set<string>;
  readonly volumes: Set<string>;
  readonly triggers: string[];
  author: string | undefined;
  unknown: Readonly<Record<string, unknown>>;
  /** Platform of the base image's config. */
  imagePlatform: Platform | undefined;
  baseDiffIds: readonly Digest[];
  baseHistory: readonly HistoryEntry[];
  readonly history: DraftHistory[];
  /** Has this stage a CMD of its own yet? */
  isCmdSet: boolean;
}

/** One instruction at work. */
export interface Step extends PlannedInstruction {
  readonly build: StageBuild;
  readonly compilation: Compilation;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A stage that starts from nothing: how an image without a base runs. */
const emptyConfig: RunConfig = { Env: [`PATH=${defaultPath}`], WorkingDir: '/' };

type InheritedImage = Pick<
  StageBuild,
  | 'env'
  | 'config'
  | 'configEnv'
  | 'labels'
  | 'ports'
  | 'volumes'
  | 'triggers'
  | 'author'
  | 'unknown'
  | 'imagePlatform'
  | 'baseDiffIds'
  | 'baseHistory'
>;

/** The members a stage takes from its base image; its triggers are consumed. */
export function inheritImage(image: ImageConfig | undefined): InheritedImage {
  const { OnBuild: _consumed, ...config } = image?.config ?? emptyConfig;
  const { Env: env = [], Labels: labels = {} } = config;
  const hasPath = env.some((line) => line.startsWith('PATH='));
  const lines = hasPath ? env : [...env, `PATH=${defaultPath}`];
  return {
    env: setVariables(new Map(), lines.map(splitEnv)),
    config: { ...config, ...(config.WorkingDir ? { WorkingDir: joinPath('/', config.WorkingDir) } : {}) },
    configEnv: new EnvLines(lines),
    labels: new Map(Object.entries(labels)),
    ports: new Set(Object.keys(config.ExposedPorts ?? {})),
    volumes: new Set(Object.keys(config.Volumes ?? {})),
    triggers: [],
    author: image?.author,
    unknown: image?.unknown ?? {},
    imagePlatform: image?.platform,
    baseDiffIds: image?.diffIds ?? [],
    baseHistory: image?.history ?? [],
  };
}

/** What a stage inherits from another one. The parent's ENV comes back over ARGs of the same name. */
export function inheritStage(parent: StageBuild, growth: Growth, at: SourceSpan): StageBuild {
  const { lines } = parent.configEnv;
  const { env, args, labels, ports, volumes, history } = parent;
  const names = env.size + args.size + lines.length + labels.size + ports.size + volumes.size;
  growth.add(names * inheritedVariable + history.length, at);
  return {
    ...parent,
    env: setVariables(new Map(parent.env), lines.map(splitEnv)),
    args: new Map(parent.args),
    configEnv: new EnvLines(lines),
    labels: new Map(parent.labels),
    ports: new Set(parent.ports),
    volumes: new Set(parent.volumes),
    triggers: [],
    history: [...parent.history],
    isCmdSet: false,
  };
}

/** The Env of an image config: a name that is set again keeps its place. */
class EnvLines {
  readonly lines: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [name] = splitEnv(line);
      if (!this.#places.has(name)) this.#places.set(name, this.lines.length);
      this.lines.push(line);
    }
  }

  set(name: string, value: string): void {
    const place = this.#places.get(name) ?? this.lines.length;
    this.#places.set(name, place);
    this.lines[place] = `${name}=${value}`;
  }
}

/** The config with all of its members. */
export function wholeConfig({ config, configEnv, labels, ports, volumes, triggers }: StageBuild): RunConfig {
  return {
    ...config,
    ...(configEnv.lines.length === 0 ? {} : { Env: configEnv.lines }),
    ...(labels.size === 0 ? {} : { Labels: Object.fromEntries(labels) }),
    ...(ports.size === 0 ? {} : { ExposedPorts: keysOnly(ports) }),
    ...(volumes.size === 0 ? {} : { Volumes: keysOnly(volumes) }),
    ...(triggers.length === 0 ? {} : { OnBuild: triggers }),
  };
}

/** Set each in turn; what is set again moves to the end, as in BuildKit's processes. @returns `env` */
export function setVariables(env: Map<string, string>, pairs: readonly (readonly [string, string])[]): Map<string, string> {
  for (const [name, value] of pairs) {
    env.delete(name);
    env.set(name, value);
  }
  return env;
}

function splitEnv(line: string): [string, string] {
  const equals = line.indexOf('=');
  return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
}

function keysOnly(keys: Iterable<string>): Record<string, Record<string, never>> {
  return Object.fromEntries(Array.from(keys, (key) => [key, {}]));
}

/** Expand one word with what the stage has defined so far. @throws {SlipwayError} as `expandWord` */
export function expand({ build, compilation }: Step, word: Word | string): string {
  const { escape, growth } = compilation;
  const { value } = expandWord(word, (name) => build.env.get(name), { escape, growth });
  growth.add(value.length);
  return value;
}

export function expandList({ build, compilation: { escape, growth } }: Step, word: Word): readonly string[] {
  return expandToWords(word, (name) => build.env.get(name), { escape, growth }).words;
}

/** Record an instruction that changes only the config. */
export function commitEmpty(build: StageBuild, createdBy: string): void {
  build.history.push({ createdBy });
}

/** Let the stage go on from `tree`, with a layer in its history. */
export function commitLayer(build: StageBuild, createdBy: string, tree: Tree): void {
  build.tree = tree;
  build.history.push({ createdBy, layer: { tree } });
}

/** The members every draft of an instruction has. `isUncached`: for RUN, COPY and ADD. */
export function draftOf(step: Step, name: string, isUncached = false): Pick<Draft, 'name' | 'at' | 'stage' | 'ignoreCache'> {
  const { build, compilation, at } = step;
  return { name, at, stage: build.label, ignoreCache: isUncached && compilation.options.noCache === true };
}
