import { pageOf, type Problem, type Rule } from './rule.ts';

export const workdirRelativePath: Rule = {
  name: 'WorkdirRelativePath',
  phase: 'dispatch',
  description:
    'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
  url: pageOf('WorkdirRelativePath'),
  *find({ runs }): Generator<Problem> {
    for (const run of runs) {
      if (run.parent?.hasWorkdir === true) continue;
      // After the first one, whatever it was, the place is known or was complained about.
      const first = run.steps.find(({ instruction }) => instruction.kind === 'workdir');
      if (first?.instruction.kind !== 'workdir') continue;
      const path = first.expanded.get(first.instruction.path) ?? first.instruction.path.text;
      if (path.startsWith('/')) continue;
      const message = `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`;
      yield { message, at: first.instruction.path.span, on: first.on, when: { step: first } };
    }
  },
};
