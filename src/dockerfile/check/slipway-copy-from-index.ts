import { ownPage } from './own-page.ts';
import type { Problem, Rule } from './rule.ts';

export const slipwayCopyFromIndex: Rule = {
  name: 'SlipwayCopyFromIndex',
  phase: 'graph',
  description: 'A number in --from means another stage as soon as one is added above',
  url: ownPage('SlipwayCopyFromIndex'),
  isOwn: true,
  *find({ file, globals }): Generator<Problem> {
    for (const instruction of file.stages.flatMap(({ instructions }) => instructions)) {
      if (instruction.kind !== 'copy' || instruction.from === undefined || !/^\d+$/.test(instruction.from.text)) continue;
      const { text, span } = instruction.from;
      const name = file.stages[Number(text)]?.name;
      if (name === undefined) continue;
      const isOnlyOne = globals.stagesByName.get(name)?.length === 1 && !/^\d+$/.test(name);
      const message = `\`COPY --from=${text}\` names a stage by its number, and the stage has a name: "${name}"`;
      yield {
        message,
        at: span,
        on: instruction,
        hint: `write \`--from=${name}\``,
        edits: isOnlyOne ? [{ span, text: name }] : [],
      };
    }
  },
};
