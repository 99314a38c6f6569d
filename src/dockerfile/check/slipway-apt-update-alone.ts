import { ownPage } from './own-page.ts';
import { commandsOf, hasMountOn, isCall, plainWords } from './run-commands.ts';
import type { Problem, Rule } from './rule.ts';
import type { StageStep } from './stage-run.ts';

const apt = /^(?:apt|apt-get)$/;

export const slipwayAptUpdateAlone: Rule = {
  name: 'SlipwayAptUpdateAlone',
  phase: 'dispatch',
  description: 'Package lists in a layer of their own grow old while the layer that installs changes',
  url: ownPage('SlipwayAptUpdateAlone'),
  isOwn: true,
  *find({ runs }): Generator<Problem> {
    for (const { steps } of runs) {
      // Backwards, so that what follows is known.
      let install: StageStep | undefined;
      for (const step of steps.toReversed()) {
        const { updates, installs, isCached } = aptOf(step);
        if (installs && !updates) install = step;
        if (!updates || installs || isCached || install === undefined) continue;
        const message = `\`apt-get update\` stands in another layer than the install on line ${install.on.line}, which then works with lists from the cache`;
        const hint = 'write `RUN apt-get update && apt-get install …`';
        yield { message, at: step.instruction.span, on: step.on, when: { step }, hint };
      }
    }
  },
};

function aptOf({ instruction }: StageStep): {
  readonly updates: boolean;
  readonly installs: boolean;
  readonly isCached: boolean;
} {
  if (instruction.kind !== 'run') return { updates: false, installs: false, isCached: false };
  const verbs = commandsOf(instruction).flatMap((command) => (isCall(command, apt) ? (plainWords(command)[1] ?? []) : []));
  return {
    updates: verbs.includes('update'),
    installs: verbs.some((verb) => /^(?:install|upgrade|dist-upgrade|full-upgrade|build-dep)$/.test(verb)),
    isCached: hasMountOn(instruction, /^\/var\/lib\/apt/),
  };
}
