import { pageOf, type Problem, type Rule } from './rule.ts';

export const undefinedVar: Rule = {
  name: 'UndefinedVar',
  phase: 'dispatch',
  description: 'Variables should be defined before their use',
  url: pageOf('UndefinedVar'),
  *find({ runs }): Generator<Problem> {
    for (const { steps, isBaseKnown } of runs) {
      for (const step of steps) {
        for (const { word, name, meant } of step.unset) {
          // The base image may define it, unless it looks like a slip of one that is defined here.
          if (!isBaseKnown && (meant === undefined || name.length < 3)) continue;
          const suggestion = meant === undefined ? '' : ` (did you mean $${meant}?)`;
          yield { message: `Usage of undefined variable '$${name}'${suggestion}`, at: word.span, on: step.on, when: { step } };
        }
      }
    }
  },
};
