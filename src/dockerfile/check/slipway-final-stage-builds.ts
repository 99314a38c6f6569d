import { finalRuns } from './final-run.ts';
import { ownPage } from './own-page.ts';
import { commandsOf, isCall, plainWords, type ShellCommand } from './run-commands.ts';
import type { Problem, Rule } from './rule.ts';

/** Images that hold a compiler, and what their programs do not need to run. */
const toolchains = /^(?:docker\.io\/)?(?:library\/)?(?:golang|rust|gcc|maven|gradle|swift)(?::|@|$)|(?:^|\/)dotnet\/sdk(?::|@|$)/;

const compiles = (command: ShellCommand): boolean =>
  isCall(command, /^go$/, /^(?:build|install)$/) ||
  isCall(command, /^cargo$/, /^(?:build|install)$/) ||
  isCall(command, /^(?:mvn|mvnw|gradle|gradlew)$/) ||
  isCall(command, /^swift$/, /^build$/) ||
  isCall(command, /^dotnet$/, /^(?:build|publish)$/) ||
  isCall(command, /^(?:gcc|g\+\+|cc|c\+\+|make)$/) ||
  (isCall(command, /^cmake$/) && plainWords(command).length > 0);

export const slipwayFinalStageBuilds: Rule = {
  name: 'SlipwayFinalStageBuilds',
  phase: 'dispatch',
  description: 'An image that is also the place of the build carries compilers, sources and caches',
  url: ownPage('SlipwayFinalStageBuilds'),
  isOwn: true,
  *find(view): Generator<Problem> {
    const runs = finalRuns(view);
    const last = runs.at(-1);
    const base = runs[0]?.base;
    if (last === undefined || base?.kind !== 'image' || !toolchains.test(base.name)) return;
    const steps = runs.flatMap((run) => run.steps);
    const compile = steps.find(({ instruction }) => instruction.kind === 'run' && commandsOf(instruction).some(compiles));
    const starts = steps.some(({ instruction }) => instruction.kind === 'cmd' || instruction.kind === 'entrypoint');
    // An image that starts nothing may be meant as a tool.
    if (compile === undefined || !starts) return;
    const { from } = last.stage;
    const message = `The final image is the build stage: it keeps \`${base.name}\` and everything that line ${compile.on.line} needs`;
    const hint = 'begin a new stage with a small base, and take the program with `COPY --from`';
    yield { message, at: from.image.span, on: from, when: { step: compile }, hint };
  },
};
