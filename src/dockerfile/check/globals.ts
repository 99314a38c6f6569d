import { SlipwayError } from '../../base/index.ts';
import { Growth } from '../growth.ts';
import { type ExpandOptions, expandWord, type VariableLookup } from '../expand.ts';
import type { Dockerfile, Word } from '../instruction.ts';
import type { CheckOptions } from './rule.ts';

/** The ARGs before the first FROM, and those that are there without being declared. */
export interface GlobalScope {
  readonly values: ReadonlyMap<string, string>;
  /** The values without build args. */
  readonly defaults: ReadonlyMap<string, string>;
  /** Everything that FROM may name, with a value or without, in order. */
  readonly names: ReadonlySet<string>;
  readonly targetPlatform: string;
  /** Indexes of the stages of each name, in order. */
  readonly stagesByName: ReadonlyMap<string, readonly number[]>;
  /** Of all that is expanded for one answer. */
  readonly growth: Growth;
}

export function globalScope(file: Dockerfile, options: CheckOptions): GlobalScope {
  const { platform = 'linux/amd64', buildPlatform = 'linux/amd64', target, buildArgs = {} } = options;
  const predefined = new Map([
    ...platformArgs('BUILD', buildPlatform),
    ...platformArgs('TARGET', platform),
    ['TARGETSTAGE', target ?? file.stages.at(-1)?.name ?? 'default'] as const,
  ]);
  const values = new Map(predefined);
  const defaults = new Map(predefined);
  for (const name of predefined.keys()) {
    const given = ownValue(buildArgs, name);
    if (given !== undefined) values.set(name, given);
  }
  const names = new Set(predefined.keys());
  const growth = new Growth();
  const how = { escape: file.directives.escape, growth };
  for (const { name: word, value } of file.args.flatMap(({ declarations }) => declarations)) {
    const name = word.text;
    names.add(name);
    const given = ownValue(buildArgs, name) ?? (value && tryExpand(value, (each) => values.get(each), how)?.value);
    if (given !== undefined) values.set(name, given);
    const fallback = value && tryExpand(value, (each) => defaults.get(each), how)?.value;
    if (fallback !== undefined) defaults.set(name, fallback);
  }
  return { values, defaults, names, targetPlatform: platform, stagesByName: stagesByName(file), growth };
}

function stagesByName(file: Dockerfile): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const { name, index } of file.stages) {
    if (name === undefined) continue;
    const same = found.get(name);
    if (same === undefined) found.set(name, [index]);
    else same.push(index);
  }
  return found;
}

function platformArgs(prefix: string, platform: string): readonly (readonly [string, string])[] {
  const [os = '', architecture = '', variant = ''] = platform.split('/');
  return [
    [`${prefix}PLATFORM`, platform],
    [`${prefix}OS`, os],
    [`${prefix}OSVERSION`, ''],
    [`${prefix}ARCH`, architecture],
    [`${prefix}VARIANT`, variant],
  ];
}

/** A build arg, unless it is something every object has, such as `constructor`. */
export function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** `expandWord`, or `undefined` where it fails: the build will say why. */
export function tryExpand(word: Word, lookup: VariableLookup, options: ExpandOptions): ReturnType<typeof expandWord> | undefined {
  try {
    return expandWord(word, lookup, options);
  } catch (error) {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}
