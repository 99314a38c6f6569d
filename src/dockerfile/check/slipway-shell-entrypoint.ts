import { ownPage } from './own-page.ts';
import type { Problem, Rule } from './rule.ts';

export const slipwayShellEntrypoint: Rule = {
  name: 'SlipwayShellEntrypoint',
  phase: 'dispatch',
  description: 'A shell as the first process does not pass signals on, and takes no arguments',
  url: ownPage('SlipwayShellEntrypoint'),
  isOwn: true,
  *find({ runs }): Generator<Problem> {
    for (const { steps } of runs) {
      const step = steps.findLast(({ instruction }) => instruction.kind === 'entrypoint');
      if (step?.instruction.kind !== 'entrypoint' || step.instruction.command.form !== 'shell') continue;
      const { text } = step.instruction.command;
      const last = text.split(/&&|\|\||;/).at(-1) ?? '';
      // `exec` puts the program in the shell's place.
      if (text.trim() === '' || /^\s*exec\s/.test(last)) continue;
      const message = 'ENTRYPOINT in shell form: the shell does not pass signals such as SIGTERM on, and CMD is ignored';
      const hint = 'write it as a JSON array, or put `exec` before the program';
      yield { message, at: step.on.span, on: step.on, when: { step }, hint };
    }
  },
};
