import { directNeeds } from './needed-stages.ts';
import { ownPage } from './own-page.ts';
import type { Problem, Rule } from './rule.ts';

/** Names of stages that nobody asks for as the result of a build, and names that say so themselves. */
const helper =
  /^(?:build|builder|compile|compiler|base|deps|dependencies|install|fetch|download|source|sources|src|assets|tools|toolchain|prepare|vendor|unused|obsolete|old|tmp|temp)(?:$|[-_.\d])/;

export const slipwayUnusedStage: Rule = {
  name: 'SlipwayUnusedStage',
  phase: 'graph',
  description: 'A stage that no other stage uses is not built',
  url: ownPage('SlipwayUnusedStage'),
  isOwn: true,
  *find({ file, globals }): Generator<Problem> {
    const used = new Set(file.stages.flatMap((stage) => directNeeds(file, globals, stage)));
    for (const { index, name, from } of file.stages) {
      if (index === file.stages.length - 1 || used.has(index)) continue;
      // A name may be there for `--target`: a stage called `test` is nobody's mistake.
      if (name !== undefined && !helper.test(name)) continue;
      const shown = name === undefined ? `Stage ${index}` : `Stage "${name}"`;
      const hint = 'remove it, or copy from it with `COPY --from`';
      yield {
        message: `${shown} is used by no other stage, so it is not built`,
        at: from.nameWord?.span ?? from.span,
        on: from,
        hint,
      };
    }
  },
};
