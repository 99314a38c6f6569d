import { pageOf, type Problem, type Rule } from './rule.ts';

export const stageNameCasing: Rule = {
  name: 'StageNameCasing',
  phase: 'parse',
  description: 'Stage names should be lowercase',
  url: pageOf('StageNameCasing'),
  *find({ file }): Generator<Problem> {
    for (const { from } of file.stages) {
      const word = from.nameWord;
      if (word === undefined || word.text === from.name) continue;
      // Whoever names the stage later finds it in any case but in FROM, where only the lower-case name was ever found.
      const edits = [{ span: word.span, text: word.text.toLowerCase() }];
      yield { message: `Stage name '${word.text}' should be lowercase`, at: word.span, on: from, edits };
    }
  },
};
