import { pageOf, type Problem, type Rule, type TextEdit } from './rule.ts';

export const maintainerDeprecated: Rule = {
  name: 'MaintainerDeprecated',
  phase: 'parse',
  description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  url: pageOf('MaintainerDeprecated'),
  *find({ file }): Generator<Problem> {
    for (const instruction of file.instructions) {
      if (instruction.kind !== 'maintainer') continue;
      const { span, keyword, author } = instruction;
      const edits: readonly TextEdit[] = isPlain(author)
        ? [
            {
              span,
              text: `${keyword === keyword.toLowerCase() ? 'label' : 'LABEL'} org.opencontainers.image.authors="${author}"`,
            },
          ]
        : [];
      const message = 'Maintainer instruction is deprecated in favor of using label';
      const hint = 'write `LABEL org.opencontainers.image.authors="…"`';
      yield { message, at: span, on: instruction, hint, edits };
    }
  },
};

/** A label's value is expanded, an author is not: only text that means the same in both is moved. */
function isPlain(author: string): boolean {
  return !/["'`$\\\n\r]/.test(author);
}
