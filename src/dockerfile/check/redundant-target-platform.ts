import { tryExpand } from './globals.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const redundantTargetPlatform: Rule = {
  name: 'RedundantTargetPlatform',
  phase: 'graph',
  description: 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  url: pageOf('RedundantTargetPlatform'),
  *find({ file, globals }): Generator<Problem> {
    const { escape } = file.directives;
    for (const { from } of file.stages) {
      if (from.platform === undefined) continue;
      const expansion = tryExpand(from.platform, (name) => globals.values.get(name), { escape });
      if (expansion === undefined || expansion.unset.length > 0) continue;
      if (expansion.used.length !== 1 || expansion.used[0] !== 'TARGETPLATFORM') continue;
      if (expansion.value !== globals.values.get('TARGETPLATFORM')) continue;
      const message = `Setting platform to predefined ${from.platform.text} in FROM is redundant as this is the default behavior`;
      yield { message, at: from.platform.span, on: from };
    }
  },
};
