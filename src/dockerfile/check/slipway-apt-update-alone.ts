import { ownPage } from './own-page.ts';
import { commandsOf, hasMountOn, isCall } from './run-commands.ts';
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
      for (const [index, step] of steps.entries()) {
        if (!does(step, /^update$/) || does(step, /^(?:install|upgrade|dist-upgrade|full-upgrade|build-dep)$/)) continue;
        if (step.instruction.kind === 'run' && hasMountOn(step.instruction, /^\/var\/lib\/apt/)) continue;
        const install = steps.slice(index + 1).find((later) => does(later, /^install$/) && !does(later, /^update$/));
        if (install === undefined) continue;
        const message = `\`apt-get update\` stands in another layer than the install on line ${install.on.line}, which then works with lists from the cache`;
        const hint = 'write `RUN apt-get update && apt-get install …`';
        yield { message, at: step.instruction.span, on: step.on, when: { step }, hint };
      }
    }
  },
};

function does({ instruction }: StageStep, verb: RegExp): boolean {
  return instruction.kind === 'run' && commandsOf(instruction).some((command) => isCall(command, apt, verb));
}
