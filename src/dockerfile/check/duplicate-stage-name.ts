import { pageOf, type Problem, type Rule } from './rule.ts';

export const duplicateStageName: Rule = {
  name: 'DuplicateStageName',
  phase: 'graph',
  description: 'Stage names should be unique',
  url: pageOf('DuplicateStageName'),
  *find({ file }): Generator<Problem> {
    const seen = new Set<string>();
    for (const { name, from } of file.stages) {
      if (name === undefined) continue;
      if (seen.has(name)) {
        const message = `Duplicate stage name "${name}", stage names should be unique`;
        yield { message, at: from.nameWord?.span ?? from.span, on: from };
      }
      seen.add(name);
    }
  },
};
