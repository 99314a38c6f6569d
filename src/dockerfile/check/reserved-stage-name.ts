import { pageOf, type Problem, type Rule } from './rule.ts';

const reserved: ReadonlySet<string | undefined> = new Set(['context', 'scratch']);

export const reservedStageName: Rule = {
  name: 'ReservedStageName',
  phase: 'graph',
  description: 'Reserved words should not be used as stage names',
  url: pageOf('ReservedStageName'),
  *find({ file }): Generator<Problem> {
    for (const { name, from } of file.stages) {
      if (!reserved.has(name)) continue;
      const message = `Stage name should not use the same name as reserved stage "${name}"`;
      yield { message, at: from.nameWord?.span ?? from.span, on: from };
    }
  },
};
