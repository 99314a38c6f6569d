import { expect, test } from 'vitest';
import { parseDockerfile } from './parse.ts';
import { type ParsedInstruction, toParsedDockerfile } from './parsed-json.ts';

function instructions(text: string): readonly ParsedInstruction[] {
  return toParsedDockerfile(parseDockerfile(text, 'Dockerfile').file).instructions;
}

test('toParsedDockerfile() has the directives that stand in the file, and no others', () => {
  const directives = (text: string) => toParsedDockerfile(parseDockerfile(text, 'f').file).directives;
  expect(directives('FROM a')).toEqual({});
  expect(directives('# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=all\nFROM a')).toEqual({
    syntax: 'docker/dockerfile:1',
    escape: '`',
    check: 'skip=all',
  });
  expect(directives('# escape=\\\nFROM a')).toEqual({ escape: '\\' });
});

test('toParsedDockerfile() has keyword, flags, lines and the joined text of an instruction', () => {
  expect(instructions('FROM a\nrun --mount=type=cache,target=/x --network=none make \\\n # c\n  all\n')[1]).toEqual({
    keyword: 'RUN',
    flags: ['--mount=type=cache,target=/x', '--network=none'],
    args: ['make   all'],
    form: 'shell',
    heredocs: [],
    line: 2,
    endLine: 4,
    original: 'run --mount=type=cache,target=/x --network=none make   all',
  });
});

test.for<[text: string, form: string, args: readonly string[]]>([
  ['ENV a="b c" d=e', 'words', ['a="b c"', 'd=e']],
  ['ENV key some  value', 'words', ['key', 'some  value']],
  ['ARG A="x y" B', 'words', ['A="x y"', 'B']],
  ['COPY a $b c/', 'words', ['a', '$b', 'c/']],
  ['COPY ["a b", "c"]', 'json', ['a b', 'c']],
  ['CMD ["a", "$b"]', 'json', ['a', '$b']],
  ['CMD []', 'json', []],
  ["CMD ['a']", 'shell', ["['a']"]],
  ['WORKDIR /a b', 'words', ['/a b']],
  ['EXPOSE 80 443/udp', 'words', ['80', '443/udp']],
  ['HEALTHCHECK --interval=5s CMD curl x', 'shell', ['CMD', 'curl x']],
  ['HEALTHCHECK NONE', 'words', ['NONE']],
  ['FROM --platform=$X b AS c', 'words', ['b', 'AS', 'c']],
])('toParsedDockerfile() reads the arguments of %s', ([text, form, args]) => {
  expect(instructions(`FROM a\n${text}`)[1]).toMatchObject({ form, args });
});

test('toParsedDockerfile() gives ONBUILD an instruction as its one argument, heredocs inside', () => {
  const [, onbuild] = instructions('FROM a\nONBUILD COPY --chown=1 <<-E /x\n\thi\n\tE\n');
  expect(onbuild).toMatchObject({ keyword: 'ONBUILD', form: 'words', heredocs: [], line: 2, endLine: 4 });
  expect(onbuild?.args).toMatchObject([
    {
      keyword: 'COPY',
      flags: ['--chown=1'],
      args: ['<<-E', '/x'],
      heredocs: [{ name: 'E', content: 'hi\n', expand: true, stripTabs: true }],
      original: 'COPY --chown=1 <<-E /x',
    },
  ]);
  expect(instructions('FROM a\nONBUILD COPY x')[1]?.args).toEqual(['COPY x']);
});

test('toParsedDockerfile() keeps the quotes of a heredoc name out of the name', () => {
  const [, run] = instructions("FROM a\nRUN <<'E' cat\n$x\nE\n");
  expect(run?.heredocs).toEqual([{ name: 'E', content: '$x\n', expand: false, stripTabs: false }]);
});
