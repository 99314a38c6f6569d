import { variablesIn } from '../expand.ts';
import { tryExpand } from './globals.ts';
import { constantPlatform } from './platform-text.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const fromPlatformFlagConstDisallowed: Rule = {
  name: 'FromPlatformFlagConstDisallowed',
  phase: 'graph',
  description: 'FROM --platform flag should not use a constant value',
  url: pageOf('FromPlatformFlagConstDisallowed'),
  *find({ file, globals }): Generator<Problem> {
    const { escape } = file.directives;
    for (const { from, name = '' } of file.stages) {
      const flag = from.platform;
      if (flag === undefined || variablesIn(flag.text, { escape }).length > 0) continue;
      const value = tryExpand(flag, () => undefined, { escape })?.value ?? '';
      const platform = constantPlatform(value, globals.targetPlatform);
      if (platform === undefined || name.includes(platform.os) || name.includes(platform.architecture)) continue;
      const message = `FROM --platform flag should not use constant value "${value}"`;
      yield { message, at: flag.span, on: from };
    }
  },
};
