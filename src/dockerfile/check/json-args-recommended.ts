import { pageOf, type Problem, type Rule } from './rule.ts';

export const jsonArgsRecommended: Rule = {
  name: 'JSONArgsRecommended',
  phase: 'dispatch',
  description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  url: pageOf('JSONArgsRecommended'),
  *find({ runs }): Generator<Problem> {
    for (const step of runs.flatMap(({ steps }) => steps)) {
      const { instruction, on, hasShell } = step;
      if (instruction.kind !== 'cmd' && instruction.kind !== 'entrypoint') continue;
      if (instruction.command.form !== 'shell' || hasShell) continue;
      const name = instruction.keyword;
      const message = `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`;
      yield { message, at: on.span, on, when: { step } };
    }
  },
};
