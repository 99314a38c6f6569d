import type { StageStep } from './stage-run.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const multipleInstructionsDisallowed: Rule = {
  name: 'MultipleInstructionsDisallowed',
  phase: 'dispatch',
  description: 'Multiple instructions of the same type should not be used in the same stage',
  url: pageOf('MultipleInstructionsDisallowed'),
  *find({ runs }): Generator<Problem> {
    for (const { steps } of runs) {
      const last = new Map<string, StageStep>();
      for (const step of steps) {
        const { kind } = step.instruction;
        if (kind !== 'cmd' && kind !== 'entrypoint' && kind !== 'healthcheck') continue;
        const earlier = last.get(kind);
        last.set(kind, step);
        if (earlier === undefined) continue;
        const name = step.instruction.keyword;
        const message = `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`;
        yield { message, at: earlier.on.span, on: earlier.on, when: { step } };
      }
    }
  },
};
