import { resolve } from 'node:path';
import { SlipwayError } from '../base/index.ts';
import { newName } from './new-name.ts';
import type { BuildOptions, Output } from './options.ts';

/** Which stages a build makes, and what becomes of each. */
export interface TargetPlan {
  /** Stages whose results are wanted, first the one that names and outputs without a stage of their own belong to; `undefined` is the last stage. */
  readonly wanted: readonly (string | undefined)[];
  /** Stages that have to succeed besides. */
  readonly required: readonly string[];
  readonly outputs: readonly PlannedOutput[];
}

export interface PlannedOutput {
  /** With the names it gives, in full. */
  readonly output: Output;
  /** Index in `wanted`. */
  readonly target: number;
}

/**
 * Which stages are asked for by `target`, by outputs that name one, and by `require`. The last stage is one of them when nothing names a
 * stage, or when there is a name or an output that does not.
 *
 * @throws {SlipwayError} `BUILD_BAD_OPTION`, `BUILD_BAD_OUTPUT`: it is not clear which stage is meant, or two results would go to one place
 */
export function planTargets(options: BuildOptions): TargetPlan {
  const { target = [], tags = [], require: required = [], reproducible = false } = options;
  const named = unique((typeof target === 'string' ? [target] : target).filter((name) => name !== ''));
  const given = options.outputs ?? [];
  const isForAnyStage = tags.length > 0 || given.length === 0 || given.some((output) => output.target === undefined);
  const main = named.length > 0 ? named : isForAnyStage ? [undefined] : [];
  if (main.length > 1) refuseUnclear(main, tags, given);
  const outputs = [...keptResults(main, options.outputs), ...given];
  const wanted = unique([...main, ...outputs.flatMap((output) => output.target ?? [])]);
  const planned = outputs.map((output): PlannedOutput => {
    const at = output.target === undefined ? 0 : indexOf(wanted, output.target);
    return { output: withNames(output, at === 0 && main.length === 1 ? tags : [], reproducible), target: at };
  });
  refuseDoubles(planned, wanted);
  return { wanted, required: unique(required).filter((name) => indexOf(wanted, name) < 0), outputs: planned };
}

/** A target whose result goes nowhere else is kept in the store. */
function keptResults(main: readonly (string | undefined)[], given: readonly Output[] | undefined): readonly Output[] {
  if (given?.length === 0 || given?.some(({ target }) => target === undefined) === true) return [];
  const places = (given ?? []).map(({ target }) => target);
  return main
    .filter((name) => name === undefined || indexOf(places, name) < 0)
    .map((name): Output => ({ type: 'image', ...(name === undefined ? {} : { target: name }) }));
}

/** Stages are found in any case. */
function indexOf(names: readonly (string | undefined)[], name: string | undefined): number {
  return names.findIndex((each) => each?.toLowerCase() === name?.toLowerCase());
}

function unique<T extends string | undefined>(names: readonly T[]): T[] {
  return names.filter((name, index) => indexOf(names, name) === index);
}

function withNames(output: Output, tags: readonly string[], reproducible: boolean): Output {
  if (output.type !== 'image' && output.type !== 'oci' && output.type !== 'docker') return output;
  const asked = output.names ?? tags;
  if (output.type === 'image' && output.push === true && output.pushByDigest === true) refuseTags(asked);
  const names = [...new Set(asked.map(newName))];
  return { ...output, names, ...(reproducible ? { rewriteTimestamp: true } : {}) };
}

/** What is pushed by its digest alone has no other name. */
function refuseTags(names: readonly string[]): void {
  const tagged = names.find((name) => /:[^/]*$/.test(name));
  if (tagged === undefined) return;
  throw new SlipwayError('BUILD_BAD_OUTPUT', `can't push tagged ref ${newName(tagged)} by digest`, {
    hint: 'name the repository alone: `name=HOST/NAME`',
  });
}

function refuseUnclear(main: readonly (string | undefined)[], [tag]: readonly string[], outputs: readonly Output[]): void {
  const targets = main.map((name) => `\`${name}\``).join(', ');
  if (tag !== undefined) {
    throw new SlipwayError('BUILD_BAD_OPTION', `the name \`${tag}\` could be for any of the targets ${targets}`, {
      hint: `write \`-t ${main[0]}=${tag}\` to say for which`,
    });
  }
  const unclear = outputs.find(({ type, target }) => target === undefined && type !== 'cacheonly');
  if (unclear === undefined) return;
  throw new SlipwayError('BUILD_BAD_OUTPUT', `the output of type ${unclear.type} could be for any of the targets ${targets}`, {
    hint: `write \`--output target=${main[0]},type=${unclear.type},…\` to say for which`,
  });
}

/** Each place and each name takes one result. */
function refuseDoubles(outputs: readonly PlannedOutput[], wanted: readonly (string | undefined)[]): void {
  const places = new Set<string>();
  const owners = new Map<string, number>();
  for (const { output, target } of outputs) {
    if ('dest' in output && output.dest !== '-') {
      const place = resolve(output.dest);
      if (places.has(place)) {
        throw new SlipwayError('BUILD_BAD_OUTPUT', `two outputs go to \`${output.dest}\``, {
          hint: 'give each a place of its own with dest=',
        });
      }
      places.add(place);
    }
    for (const name of ('names' in output && output.names) || []) {
      const owner = owners.get(name) ?? target;
      if (owner !== target) {
        const both = [owner, target].map((index) => `\`${wanted[index] ?? 'the last stage'}\``).join(' and ');
        throw new SlipwayError('BUILD_BAD_OUTPUT', `\`${name}\` would name two images, of ${both}`, {
          hint: 'give each target a name of its own',
        });
      }
      owners.set(name, target);
    }
  }
}
