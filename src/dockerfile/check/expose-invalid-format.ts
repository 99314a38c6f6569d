import { portTexts } from './port-texts.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const exposeInvalidFormat: Rule = {
  name: 'ExposeInvalidFormat',
  phase: 'dispatch',
  description:
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  url: pageOf('ExposeInvalidFormat'),
  *find({ runs }): Generator<Problem> {
    for (const { step, part, word, text } of portTexts(runs)) {
      if (!/[^:].*:[^:]/.test(text)) continue;
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`;
      yield { message, at: word.span, on: step.on, when: { step, part } };
    }
  },
};
