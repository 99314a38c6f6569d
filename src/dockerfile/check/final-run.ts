import type { CheckView } from './rule.ts';
import type { StageRun } from './stage-run.ts';

/** The stage that a build without a target ends with, and the stages of the file whose layers it stands on. */
export function finalRuns({ runs, file }: CheckView): readonly StageRun[] {
  const found: StageRun[] = [];
  let run = runs.find(({ stage }) => stage.index === file.stages.length - 1);
  for (; run !== undefined; run = run.parent) found.push(run);
  return found.reverse();
}
