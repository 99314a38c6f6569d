import { tryExpand } from './globals.ts';
import { isImageName } from './image-name.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const invalidDefaultArgInFrom: Rule = {
  name: 'InvalidDefaultArgInFrom',
  phase: 'graph',
  description: 'Default value for global ARG results in an empty or invalid base image name',
  url: pageOf('InvalidDefaultArgInFrom'),
  *find({ file, globals }): Generator<Problem> {
    const { escape } = file.directives;
    for (const { from } of file.stages) {
      const name = tryExpand(from.image, (each) => globals.defaults.get(each), { escape })?.value;
      if (name === undefined || isImageName(name)) continue;
      const message = `Default value for ARG ${from.image.text} results in empty or invalid base image name`;
      yield { message, at: from.image.span, on: from };
    }
  },
};
