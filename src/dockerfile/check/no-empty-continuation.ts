import { pageOf, type Problem, type Rule } from './rule.ts';

export const noEmptyContinuation: Rule = {
  name: 'NoEmptyContinuation',
  phase: 'lines',
  description: 'Empty continuation lines will become errors in a future release',
  url: pageOf('NoEmptyContinuation'),
  *find({ diagnostics }): Generator<Problem> {
    for (const { rule, message, at, hint } of diagnostics) {
      if (rule === 'NoEmptyContinuation') yield { message, at, on: undefined, ...(hint === undefined ? {} : { hint }) };
    }
  },
};
