import fc from 'fast-check';
import { expect, test } from 'vitest';
import { format } from '../format.ts';
import { parseDockerfile } from '../parse.ts';
import { toParsedDockerfile } from '../parsed-json.ts';
import { print } from '../print.ts';
import { applyEdits } from './apply-edits.ts';
import { checkDockerfile } from './check.ts';
import { moveCommentUp } from './slipway-trailing-comment.ts';

const piece = fc.constantFrom(
  ...'FROM |RUN |COPY |ENV |ARG |ONBUILD |EXPOSE |CMD |LABEL |HEALTHCHECK |from |--from=|--mount=type=|AS |a|$|${|}|:-|"'.split(
    '|',
  ),
  ...`'|[|]|,|=|#| |\t|\\|\`|\n|\\\n|\r\n|<<E|\nE\n|\0|\uFEFF|é|😀|# check=skip=|# escape=\`\n|# syntax=|0|80/TCP |1:2:3 |/|..`.split(
    '|',
  ),
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

test('parse, print, check, fix and format end in a result for any text', () => {
  fc.assert(
    fc.property(text, (dockerfile) => {
      const parsed = parseDockerfile(dockerfile);
      print(parsed.file);
      JSON.stringify(toParsedDockerfile(parsed.file));
      const once = format(dockerfile);
      expect(format(once.text).text).toBe(once.text);
      try {
        const { findings } = checkDockerfile(parsed, { own: true, ignoreFile: '*.log' });
        const edits = [
          ...findings.flatMap((finding) => finding.edits),
          ...parsed.diagnostics.flatMap((one) => moveCommentUp(parsed.file, one)),
        ];
        parseDockerfile(applyEdits(dockerfile, edits));
      } catch (error) {
        expect(error).toMatchObject({ code: 'DF_BAD_CHECK' });
      }
    }),
    { numRuns: 2000 },
  );
});

/** Files of a kind that grows; twice the size may not cost much more than twice the work. */
const growing: Readonly<Record<string, (count: number) => string>> = {
  stages: (count) => Array.from({ length: count }, (_, index) => `FROM a AS s${index}\nRUN x`).join('\n'),
  'stages on stages': (count) =>
    `FROM a AS s0\n${Array.from({ length: count }, (_, index) => `FROM s${index} AS s${index + 1}`).join('\n')}`,
  variables: (count) => `FROM scratch\n${Array.from({ length: count }, (_, index) => `ENV V${index}=$V${index - 1}`).join('\n')}`,
  'unknown variables': (count) =>
    `FROM scratch\n${Array.from({ length: count }, (_, index) => `ENV V${index}=$W${index}`).join('\n')}`,
  'updates of package lists': (count) => `FROM a\n${'RUN apt-get update\n'.repeat(count)}`,
  'copies before an install': (count) => `FROM a\nCOPY package.json .\n${'COPY . .\nRUN npm ci\n'.repeat(count)}`,
  'stages of one name': (count) => Array.from({ length: count }, () => 'FROM a AS x\nCOPY --from=x a b').join('\n'),
};

test.for(Object.keys(growing))('checkDockerfile() of 10,000 %s ends', { timeout: 60_000 }, (kind) => {
  const made = growing[kind]?.(10_000) ?? '';
  expect(checkDockerfile(parseDockerfile(made), { own: true }).errors).toEqual([]);
  expect(format(made).diagnostics).toEqual([]);
});
