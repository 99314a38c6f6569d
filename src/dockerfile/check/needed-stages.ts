import { inheritedTrigger } from '../growth.ts';
import type { Dockerfile, Stage, StageInstruction } from '../instruction.ts';
import { type GlobalScope, tryExpand } from './globals.ts';

/** Index of the last stage before `before` with this name, which must be written as FROM needs it: in lower case. */
export function stageNamed({ stagesByName }: GlobalScope, name: string, before: number): number | undefined {
  const indexes = stagesByName.get(name) ?? [];
  let low = 0;
  let high = indexes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((indexes[middle] ?? before) < before) low = middle + 1;
    else high = middle;
  }
  return indexes[low - 1];
}

/** The stages that `target` needs; all of them when there is no target, or none of that name. */
export function neededStages(file: Dockerfile, globals: GlobalScope, target: string | undefined): ReadonlySet<number> {
  const all = new Set(file.stages.keys());
  if (target === undefined) return all;
  const wanted = target.toLowerCase();
  const first =
    target === ''
      ? file.stages.at(-1)
      : (file.stages.findLast(({ name }) => name === wanted) ?? (/^\d+$/.test(target) ? file.stages[Number(target)] : undefined));
  return first === undefined ? all : reachable(file, globals, first);
}

/** `start` and every stage it needs. */
export function reachable(file: Dockerfile, globals: GlobalScope, start: Stage): ReadonlySet<number> {
  const seen = new Set<number>();
  const waiting = [start.index];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const stage = file.stages[index];
    if (stage === undefined || seen.has(index)) continue;
    seen.add(index);
    for (const need of directNeeds(file, globals, stage)) waiting.push(need);
  }
  return seen;
}

/** The stages that this one names: its base, and what it copies or mounts from. */
export function directNeeds(file: Dockerfile, globals: GlobalScope, stage: Stage): readonly number[] {
  const how = { escape: file.directives.escape, growth: globals.growth };
  const image = tryExpand(stage.from.image, (name) => globals.values.get(name), how)?.value ?? '';
  const base = stageNamed(globals, image, stage.index);
  const needs = base === undefined ? [] : [base];
  const inherited = base === undefined ? [] : inheritedTriggers(file.stages[base], globals);
  for (const instruction of [...inherited, ...stage.instructions]) {
    if (instruction.kind === 'copy' && instruction.from !== undefined)
      needs.push(...sourceStage(file, globals, stage, instruction.from.text, true));
    if (instruction.kind === 'run') {
      for (const { from } of instruction.mounts)
        if (from !== undefined) needs.push(...sourceStage(file, globals, stage, from, false));
    }
  }
  return needs;
}

/** What runs first in a stage built on `base`; nothing where too much runs already, which a build refuses. */
export function inheritedTriggers(base: Stage | undefined, { growth }: GlobalScope): readonly StageInstruction[] {
  const { triggers = [] } = base ?? {};
  if (triggers.length > 0 && !growth.takes(triggers.length * inheritedTrigger)) return [];
  return triggers.flatMap(({ trigger }) => trigger ?? []);
}

/** The stage that `--from` names, by index or by name in any case. */
export function sourceStage(
  file: Dockerfile,
  globals: GlobalScope,
  user: Stage,
  from: string,
  allowIndex: boolean,
): readonly number[] {
  if (allowIndex && /^\d+$/.test(from)) return Number(from) < file.stages.length ? [Number(from)] : [];
  const index = stageNamed(globals, from.toLowerCase(), user.index);
  return index === undefined ? [] : [index];
}
