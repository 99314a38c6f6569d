import type {
  ArgInstruction,
  Dockerfile,
  FromInstruction,
  Instruction,
  OnbuildInstruction,
  Stage,
  StageInstruction,
} from './instruction.ts';
import type { Reporter } from './reporter.ts';
import { type SourceLines, wholeLine } from './source-lines.ts';
import { kindOf } from './read-instruction.ts';
import { type Statement, spanOf } from './statement.ts';

/** One statement, and what could be made of it. */
export interface ReadItem {
  readonly statement: Statement;
  readonly instruction: Instruction | undefined;
}

interface OpenStage {
  readonly from: FromInstruction;
  readonly instructions: StageInstruction[];
  readonly triggers: OnbuildInstruction[];
}

/**
 * Sort instructions into global ARGs and stages. What follows a FROM that could not be read belongs to no stage, and
 * is not reported again.
 */
export function collectStages(
  items: readonly ReadItem[],
  source: SourceLines,
  report: Reporter,
): Pick<Dockerfile, 'args' | 'stages' | 'instructions'> {
  const instructions: Instruction[] = [];
  const args: ArgInstruction[] = [];
  const stages: OpenStage[] = [];
  let hasFrom = false;
  let stage: OpenStage | undefined;
  let isOrphanReported = false;
  for (const { statement, instruction } of items) {
    const kind = kindOf(statement.keyword);
    if (instruction !== undefined) instructions.push(instruction);
    if (kind === 'from') {
      hasFrom = true;
      stage = instruction?.kind === 'from' ? { from: instruction, instructions: [], triggers: [] } : undefined;
      if (stage !== undefined) stages.push(stage);
    } else if (!hasFrom && kind !== undefined && kind !== 'arg' && !isOrphanReported) {
      isOrphanReported = true;
      const hint = 'only ARG may stand before the first FROM';
      report.error('DF_NO_STAGE_YET', 'no build stage in current context', spanOf(statement, statement), hint);
    }
    if (instruction === undefined || instruction.kind === 'from') continue;
    if (stage !== undefined) {
      stage.instructions.push(instruction);
      if (instruction.kind === 'onbuild') stage.triggers.push(instruction);
    } else if (!hasFrom && instruction.kind === 'arg') args.push(instruction);
  }
  if (!hasFrom && !isOrphanReported) reportNoStages(items, source, report);
  const finished = stages.map(
    ({ from, instructions: own, triggers }, index): Stage => ({ index, name: from.name, from, instructions: own, triggers }),
  );
  return { args, stages: finished, instructions };
}

function reportNoStages(items: readonly ReadItem[], source: SourceLines, report: Reporter): void {
  const at = wholeLine(source, 1);
  const hint = 'begin with `FROM <image>`';
  if (source.isEmpty) report.error('DF_EMPTY_FILE', 'the Dockerfile cannot be empty', at, hint);
  else if (items.length === 0) report.error('DF_NO_INSTRUCTIONS', 'file with no instructions', at, hint);
  else if (items.every(({ statement }) => kindOf(statement.keyword) === 'arg')) {
    report.error('DF_NO_STAGES', 'dockerfile contains no stages to build', at, hint);
  }
}
