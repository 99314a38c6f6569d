import { isLower, isUpper } from './casing.ts';
import { pageOf, type Problem, type Rule } from './rule.ts';

export const fromAsCasing: Rule = {
  name: 'FromAsCasing',
  phase: 'parse',
  description: "The 'as' keyword should match the case of the 'from' keyword",
  url: pageOf('FromAsCasing'),
  *find({ file }): Generator<Problem> {
    for (const { from } of file.stages) {
      const { asWord, keyword } = from;
      if (asWord === undefined) continue;
      const { text, span } = asWord;
      const wanted = isLower(keyword) ? text.toLowerCase() : isUpper(keyword) ? text.toUpperCase() : text;
      if (text === wanted) continue;
      const message = `'${text}' and '${keyword}' keywords' casing do not match`;
      yield { message, at: span, on: from, edits: [{ span, text: wanted }] };
    }
  },
};
