import { portTexts } from './port-texts.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const exposeProtoCasing: Rule = {
  name: 'ExposeProtoCasing',
  phase: 'dispatch',
  description: 'Protocol in EXPOSE instruction should be lowercase',
  url: pageOf('ExposeProtoCasing'),
  *find({ runs }): Generator<Problem> {
    for (const { step, part, word, text } of portTexts(runs)) {
      const protocol = text.slice(text.lastIndexOf('/') + 1);
      if (!text.includes('/') || protocol === protocol.toLowerCase()) continue;
      const edits = word.text === text ? [{ span: word.span, text: text.toLowerCase() }] : [];
      yield {
        message: `Defined protocol '${text}' in EXPOSE instruction should be lowercase`,
        at: word.span,
        on: step.on,
        when: { step, part },
        edits,
      };
    }
  },
};
