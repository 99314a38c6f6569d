import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { format } from './format.ts';

test.for<readonly [what: string, before: string, after: string]>([
  ['capitals and single blanks', '  from   alpine  as  b\ncopy  --from=x   a   b\n', 'FROM alpine AS b\nCOPY --from=x a b\n'],
  ['JSON arrays', 'FROM a\nCMD  ["a","b" ]\n', 'FROM a\nCMD ["a", "b"]\n'],
  ['pairs', 'FROM a\nENV  a="b  c"   d=e\n', 'FROM a\nENV a="b  c" d=e\n'],
  ['an empty line before each stage', 'FROM a\nRUN x\n# b\nFROM b\n', 'FROM a\nRUN x\n\n# b\nFROM b\n'],
  ['at most one empty line', 'FROM a\n\n\n\nRUN x\n\n\n', 'FROM a\n\nRUN x\n'],
  ['no empty lines inside an instruction', 'FROM a\nRUN x \\\n\n  y\n', 'FROM a\nRUN x \\\n  y\n'],
  ['no blanks at the ends of lines', 'FROM a  \nRUN x \\  \n  y \t\n', 'FROM a\nRUN x \\\n  y\n'],
  ['text for a shell', 'FROM a\nrun  a   b  \\\n      && c\n', 'FROM a\nRUN a   b  \\\n      && c\n'],
  ['lists over several lines', 'FROM a\nCOPY a \\\n b   \\\n        c/\n', 'FROM a\nCOPY a \\\n    b \\\n    c/\n'],
  ['comments', 'FROM a\n   # b\nRUN x \\\n # c\n y\n', 'FROM a\n# b\nRUN x \\\n    # c\n y\n'],
  ['quotes over several lines', 'FROM a\nENV A="x \\\n  y"\n', 'FROM a\nENV A="x \\\n  y"\n'],
  [
    'heredocs',
    'FROM a\nrun  <<EOF\n  a  \n\n\n# b\nEOF\ncopy <<E   /x\n\ta  \nE\n',
    'FROM a\nRUN <<EOF\n  a  \n\n\n# b\nEOF\nCOPY <<E   /x\n\ta  \nE\n',
  ],
  ['triggers', 'FROM a\nonbuild  run   x\n', 'FROM a\nONBUILD run   x\n'],
  ['directives', '# escape=`\n\n# syntax=x\nfrom a\n', '# escape=`\n\n# syntax=x\nFROM a\n'],
  ['line ends of Windows', 'from a\r\nRUN x  \r\n', 'FROM a\r\nRUN x\r\n'],
  ['a last line without an end', 'FROM a', 'FROM a\n'],
  ['health checks', 'FROM a\nhealthcheck  --retries=2   cmd  x  y\n', 'FROM a\nHEALTHCHECK --retries=2 CMD  x  y\n'],
])('format() lays out %s', ([, before, after]) => {
  expect(format(before).text).toBe(after);
  expect(format(after)).toMatchObject({ text: after, isChanged: false });
});

test('format() leaves a file with mistakes alone, and tells them', () => {
  expect(format('from a\nrum x\n')).toMatchObject({
    text: 'from a\nrum x\n',
    isChanged: false,
    diagnostics: [{ code: 'DF_UNKNOWN_INSTRUCTION' }],
  });
});

const parser = fileURLToPath(new URL('../../testdata/parser/', import.meta.url));
const files = readdirSync(parser).map((name) => `${parser}${name}/Dockerfile`);

test.for(files)('format() of what format() made of %s changes nothing', (path) => {
  const once = format(readFileSync(path, 'utf8')).text;
  expect(format(once).text).toBe(once);
});

test('format() takes any number of comments, and of lines in one instruction', { timeout: 60_000 }, () => {
  const comments = '# c\n'.repeat(130_000);
  expect(format(`${comments}FROM scratch\n${comments}`).text).toContain('FROM scratch');
  expect(format(`FROM scratch\nRUN x \\\n${comments} y\n`).diagnostics).toEqual([]);
});
