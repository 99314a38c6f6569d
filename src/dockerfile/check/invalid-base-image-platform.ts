import { constantPlatform } from './platform-text.ts';
import type { Problem, Rule } from './rule.ts';

export const invalidBaseImagePlatform: Rule = {
  name: 'InvalidBaseImagePlatform',
  phase: 'graph',
  description: 'Base image platform does not match expected target platform',
  url: undefined,
  *find({ runs, globals }): Generator<Problem> {
    for (const { stage, base } of runs) {
      if (base.kind !== 'image' || base.image?.platform === undefined) continue;
      const { name, platform: expected, image } = base;
      const pulled = image.platform ?? '';
      const wanted = constantPlatform(expected, globals.targetPlatform);
      if (wanted === undefined || withoutVariant(pulled) === `${wanted.os}/${wanted.architecture}`) continue;
      const message = `Base image ${name} was pulled with platform "${pulled}", expected "${expected}" for current build`;
      yield { message, at: stage.from.image.span, on: stage.from };
    }
  },
};

function withoutVariant(platform: string): string {
  return platform.split('/', 2).join('/');
}
