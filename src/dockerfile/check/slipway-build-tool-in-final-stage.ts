import { finalRuns } from './final-run.ts';
import { ownPage } from './own-page.ts';
import { commandsOf, isCall, plainWords } from './run-commands.ts';
import type { Problem, Rule } from './rule.ts';

const tools =
  /^(?:build-essential|build-base|gcc|g\+\+|clang|make|cmake|autoconf|automake|golang|golang-go|cargo|rustc|maven|gradle|default-jdk|openjdk-\d+-jdk)(?:=.*)?$/;

export const slipwayBuildToolInFinalStage: Rule = {
  name: 'SlipwayBuildToolInFinalStage',
  phase: 'dispatch',
  description: 'A compiler in the final image makes it larger and gives an attacker tools',
  url: ownPage('SlipwayBuildToolInFinalStage'),
  isOwn: true,
  *find(view): Generator<Problem> {
    // With one stage there is nowhere else to build.
    if (view.file.stages.length < 2) return;
    for (const step of finalRuns(view).flatMap(({ steps }) => steps)) {
      if (step.instruction.kind !== 'run') continue;
      const commands = commandsOf(step.instruction);
      const takesAway = commands.some((command) =>
        isCall(command, /^(?:apt|apt-get|apk|yum|dnf|microdnf)$/, /^(?:purge|remove|autoremove|del|erase)$/),
      );
      if (takesAway) continue;
      const installs = commands.filter((command) =>
        isCall(command, /^(?:apt|apt-get|apk|yum|dnf|microdnf)$/, /^(?:install|add)$/),
      );
      const found = installs.flatMap((command) => plainWords(command).slice(2)).find((word) => tools.test(word));
      if (found === undefined) continue;
      const message = `The final image keeps the build tool \`${found}\``;
      const hint = 'install it in the stage that builds, and copy what it makes with `COPY --from`';
      yield { message, at: step.instruction.span, on: step.on, when: { step }, hint };
    }
  },
};
