import type { EnvInstruction, LabelInstruction } from '../instruction.ts';
import { pageOf, type Problem, type Rule, type TextEdit } from './rule.ts';

export const legacyKeyValueFormat: Rule = {
  name: 'LegacyKeyValueFormat',
  phase: 'dispatch',
  description: 'Legacy key/value format with whitespace separator should not be used',
  url: pageOf('LegacyKeyValueFormat'),
  *find({ runs }): Generator<Problem> {
    for (const step of runs.flatMap(({ steps }) => steps)) {
      const { instruction, on } = step;
      if (instruction.kind !== 'env' && instruction.kind !== 'label') continue;
      if (!instruction.isLegacy) continue;
      const name = instruction.keyword;
      const message = `"${name} key=value" should be used instead of legacy "${name} key value" format`;
      yield { message, at: on.span, on, when: { step }, edits: on === instruction ? modern(instruction) : [] };
    }
  },
};

/** Only where the text certainly means the same: no quotes, no escapes, one line, or no blanks to protect. */
function modern({ pairs, rest, span }: EnvInstruction | LabelInstruction): readonly TextEdit[] {
  const [pair] = pairs;
  if (pair === undefined || span.start.line !== span.end.line) return [];
  const { key, value } = pair;
  if (/["'`\\=]/.test(key.text) || /["'`\\]/.test(value.text) || /(?:^|\s)#/.test(value.text)) return [];
  const written = /^[^\s"'`\\]+$/.test(value.text) ? value.text : `"${value.text}"`;
  return [{ span: rest.span, text: `${key.text}=${written}` }];
}
