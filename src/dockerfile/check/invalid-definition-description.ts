import type { ArgInstruction, FromInstruction } from '../instruction.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const invalidDefinitionDescription: Rule = {
  name: 'InvalidDefinitionDescription',
  phase: 'parse',
  description:
    'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  url: pageOf('InvalidDefinitionDescription'),
  isExperimental: true,
  *find({ file }): Generator<Problem> {
    for (const instruction of file.instructions) {
      if (instruction.kind !== 'from' && instruction.kind !== 'arg') continue;
      const names = namesOf(instruction);
      const comment = instruction.comments.at(-1);
      if (comment === undefined || names.length === 0) continue;
      if (names.includes(comment.trim().split(/\s+/, 1)[0] ?? '')) continue;
      const shown = names.length === 1 ? names[0] : '<arg_key>';
      const message = `Comment for ${instruction.kind.toUpperCase()} should follow the format: \`# ${shown} <description>\``;
      yield { message, at: instruction.span, on: instruction };
    }
  },
};

function namesOf(instruction: FromInstruction | ArgInstruction): readonly string[] {
  if (instruction.kind === 'arg') return instruction.declarations.map(({ name }) => name.text);
  return instruction.name === undefined ? [] : [instruction.name];
}
