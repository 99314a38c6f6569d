import { tryExpand } from './globals.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';
import { suggestName } from './suggest-name.ts';

export const undefinedArgInFrom: Rule = {
  name: 'UndefinedArgInFrom',
  phase: 'graph',
  description: 'FROM command must use declared ARGs',
  url: pageOf('UndefinedArgInFrom'),
  *find({ file, globals }): Generator<Problem> {
    const { escape } = file.directives;
    for (const { from } of file.stages) {
      for (const word of [from.image, from.platform]) {
        if (word === undefined) continue;
        const unset = tryExpand(word, (name) => globals.values.get(name), { escape })?.unset ?? [];
        for (const name of unset) {
          if (globals.names.has(name)) continue;
          const meant = suggestName(name, globals.names);
          const message = `FROM argument '${name}' is not declared${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
          yield { message, at: word.span, on: from };
        }
      }
    }
  },
};
