import { nearest, SlipwayError } from '../base/index.ts';
import type { Dockerfile, Stage } from '../dockerfile/index.ts';
import { displayName } from './plan.ts';

/** One stage, as `--call=targets` shows it. */
export interface ListedStage {
  readonly index: number;
  readonly name: string | undefined;
  readonly displayName: string;
  /** As written: variables are not expanded. */
  readonly base: string;
  readonly platform: string | undefined;
  readonly description: string | undefined;
  readonly line: number;
  /** Built when no target is named. */
  readonly isDefault: boolean;
}

/** The stages of a file, in order. Looks at nothing but the syntax. */
export function listStages(file: Dockerfile): readonly ListedStage[] {
  return file.stages.map((stage) => ({
    index: stage.index,
    name: stage.name,
    displayName: displayName(stage),
    base: stage.from.image.text,
    platform: stage.from.platform?.text,
    description: stage.from.description,
    line: stage.from.line,
    isDefault: stage.index === file.stages.length - 1,
  }));
}

/**
 * The stage `target` names, in any case or by its index; the last one when there is no target.
 *
 * @throws {SlipwayError} `FE_UNKNOWN_TARGET`, `FE_NO_STAGES`
 */
export function findTarget(file: Dockerfile, target: string | undefined): Stage {
  const last = file.stages.at(-1);
  if (last === undefined)
    throw new SlipwayError('FE_NO_STAGES', 'the Dockerfile has no stages to build', { hint: 'begin with `FROM <image>`' });
  if (target === undefined || target === '') return last;
  const named = file.stages.findLast(({ name }) => name === target.toLowerCase());
  if (named) return named;
  const indexed = /^\d+$/.test(target) ? file.stages[Number(target)] : undefined;
  if (indexed) return indexed;
  throw unknownTarget(file, target);
}

function unknownTarget(file: Dockerfile, target: string): SlipwayError {
  const names = file.stages.flatMap(({ name }) => name ?? []);
  const meant = nearest(target, names);
  const stage = meant === undefined ? undefined : file.stages.findLast(({ name }) => name === meant);
  const stages =
    names.length === 0
      ? `the file has no named stage; use an index, 0 to ${file.stages.length - 1}`
      : `the stages are ${names.map((name) => `\`${name}\``).join(', ')}`;
  return new SlipwayError('FE_UNKNOWN_TARGET', `target stage "${target}" could not be found`, {
    hint: stage === undefined ? stages : `did you mean \`${meant}\`, defined on line ${stage.from.line}?`,
  });
}
