import type { Instruction } from '../instruction.ts';
import { isLower, isUpper } from './casing.ts';
import { keywordSpan, pageOf, type Problem, type Rule } from './rule.ts';

export const consistentInstructionCasing: Rule = {
  name: 'ConsistentInstructionCasing',
  phase: 'graph',
  description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  url: pageOf('ConsistentInstructionCasing'),
  *find({ file }): Generator<Problem> {
    const instructions = file.stages.flatMap(({ from, instructions: own }): readonly Instruction[] => [from, ...own]);
    let lower = 0;
    let upper = 0;
    for (const { keyword } of instructions) {
      if (isLower(keyword)) lower += 1;
      else if (isUpper(keyword)) upper += 1;
    }
    const casing = lower > upper ? 'lowercase' : 'uppercase';
    for (const instruction of instructions) {
      const { keyword } = instruction;
      const wanted = casing === 'lowercase' ? keyword.toLowerCase() : keyword.toUpperCase();
      if (keyword === wanted) continue;
      const message = `Command '${keyword}' should match the case of the command majority (${casing})`;
      const at = keywordSpan(instruction);
      yield { message, at, on: instruction, edits: [{ span: at, text: wanted }] };
    }
  },
};
