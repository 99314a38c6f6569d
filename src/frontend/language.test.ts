import { expect, test } from 'vitest';
import { type CheckRequest, checkDockerfile, firstMistake, parseDockerfile, violation } from '../dockerfile/index.ts';
import { compileText, lastEnv, vertices } from './compile-text.ts';
import type { Compiled } from './compiled.ts';
import type { CompileOptions } from './options.ts';

// One test for each row of the language that needs no kernel: what a Dockerfile says, and what it can't say.

const alpine = 'FROM alpine:3.20\n';
const directive = '# escape=`\n';

/** `KEYWORD: its arguments as read`, for each instruction. */
function read(text: string): readonly string[] {
  return parseDockerfile(text).file.instructions.map(({ keyword, args }) => `${keyword}: ${args.join('|')}`);
}

function told(text: string): string | undefined {
  return firstMistake(parseDockerfile(text).diagnostics)?.message;
}

function findings(text: string, request: CheckRequest = {}): readonly string[] {
  return checkDockerfile(parseDockerfile(text), request).findings.map(({ rule, lines }) => `${rule} ${lines.first}`);
}

/** What each RUN runs. */
function commands(compiled: Compiled): readonly (readonly string[])[] {
  return vertices(compiled).flatMap(({ op }) => (op.kind === 'exec' ? [op.args] : []));
}

async function configOf(text: string, options: Partial<CompileOptions> = {}): Promise<Compiled['image']['config']> {
  return (await compileText(text, options)).image.config;
}

/** Names and texts of the files that heredocs make. */
function inlineFiles(compiled: Compiled): Readonly<Record<string, string>> {
  const made = vertices(compiled).flatMap(({ op }) => (op.kind === 'file' ? op.actions : []));
  return Object.fromEntries(
    made.flatMap((action) => (action.action === 'mkfile' ? [[action.path, new TextDecoder().decode(action.data)]] : [])),
  );
}

async function refusalOf(text: string): Promise<unknown> {
  return compileText(text).then(
    () => 'nothing',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
}

test('DF-LEX-05 comments inside a continued instruction vanish, `#` elsewhere is text, and a comment is never continued', () => {
  expect(read(`${alpine}RUN a \\\n# c \\\n  # d\n  b\nENV x=a#b "y=#"\n# e \\\nUSER u`)).toEqual([
    'FROM: alpine:3.20',
    'RUN: a   b',
    'ENV: x=a#b|"y=#"',
    'USER: u',
  ]);
});

test('DF-LEX-06 a doubled escape does not continue, one before blanks and one at the end of the file do', () => {
  expect(read(`${alpine}RUN a\\\\\nRUN b \\ \t\n c\nRUN d \\`)).toEqual([
    'FROM: alpine:3.20',
    'RUN: a\\\\',
    'RUN: b  c',
    'RUN: d',
  ]);
});

test('DF-LEX-07 LINT-03 blank lines inside a continued instruction are skipped, with one warning', () => {
  const text = `${alpine}RUN a \\\n\n\n  b`;
  expect(read(text)[1]).toBe('RUN: a   b');
  expect(findings(text)).toEqual(['NoEmptyContinuation 5']);
});

test('DF-LEX-09 a backtick as escape character: it continues and escapes, a backslash is a character', async () => {
  const { WorkingDir, Env } = await configOf(`${directive}${alpine}ENV a=c:\\x \`\n  b=\`$x\nWORKDIR /d\\e`);
  expect({ WorkingDir, Env: Env?.slice(1) }).toEqual({ WorkingDir: '/d\\e', Env: ['a=c:\\x', 'b=$x'] });
});

test('DF-LEX-10 any other escape character is refused', () => {
  for (const escape of ['x', '``', '\\\\']) {
    expect(told(`# escape=${escape}\n${alpine}`)).toBe(`invalid escape token '${escape}' does not match \` or \\`);
  }
});

test('DF-LEX-11 a directive below a comment or a blank line is a comment', () => {
  for (const top of ['# x\n', '\n', '#\n', alpine]) {
    expect(parseDockerfile(`${top}${directive}${alpine}`).file.directives.escape).toBe('\\');
  }
  expect(parseDockerfile(`${directive}${alpine}`).file.directives.escape).toBe('`');
});

test('DF-LEX-12 a directive given twice is refused', () => {
  for (const name of ['escape', 'syntax', 'check']) {
    const value = name === 'escape' ? '`' : 'x';
    expect(told(`# ${name}=${value}\n# ${name.toUpperCase()} = ${value}\n${alpine}`)).toBe(
      `only one ${name} parser directive can be used`,
    );
  }
});

test('DF-LEX-13 the first unknown directive ends the directives', () => {
  const { directives } = parseDockerfile(`# check=skip=all\n# foo=bar\n${directive}${alpine}`).file;
  expect([directives.check?.value, directives.escape]).toEqual(['skip=all', '\\']);
});

test('DF-LEX-14 a shebang line may stand before `check` and `syntax`', () => {
  const { directives } = parseDockerfile(`#!/bin/x\n# syntax=a/b\n# check=skip=all\n${alpine}`).file;
  expect([directives.syntax?.value, directives.check?.value]).toEqual(['a/b', 'skip=all']);
});

const two = 'FROM alpine:3.20 AS X\nENV a b\n';

test('DF-LEX-16 the check directive switches rules off', () => {
  expect(findings(two)).toEqual(['StageNameCasing 1', 'LegacyKeyValueFormat 2']);
  expect(findings(`# check=skip=StageNameCasing\n${two}`)).toEqual(['LegacyKeyValueFormat 3']);
  expect(findings(`# check=skip=StageNameCasing,LegacyKeyValueFormat\n${two}`)).toEqual([]);
  expect(findings(`# check=skip=all\n${two}`)).toEqual([]);
});

test('DF-LEX-17 findings fail the build where the file says so, by the names of their rules', () => {
  const { findings: found, isError } = checkDockerfile(parseDockerfile(`# check=error=true\n${two}`));
  expect([isError, violation(found)?.message]).toEqual([
    true,
    'lint violation found for rules: StageNameCasing, LegacyKeyValueFormat',
  ]);
  expect(checkDockerfile(parseDockerfile(`# check=skip=all;error=true\n${two}`))).toMatchObject({ findings: [], isError: true });
});

test('DF-LEX-18 BUILDKIT_DOCKERFILE_CHECK takes the place of the directive', () => {
  const by = (value: string) => ({ buildArgs: { BUILDKIT_DOCKERFILE_CHECK: value } });
  expect(findings(two, by('skip=all'))).toEqual([]);
  expect(findings(`# check=skip=all\n${two}`, by('skip=StageNameCasing'))).toEqual(['LegacyKeyValueFormat 3']);
});

test('DF-LEX-19 a comment above an instruction switches rules off for it alone', () => {
  const text = `${alpine}# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n`;
  expect(findings(text)).toEqual(['LegacyKeyValueFormat 4']);
});

test('DF-LEX-21 instructions in any letter case', async () => {
  expect(await configOf('from alpine:3.20\nEnV a=b\ncmd ["x"]')).toMatchObject({ Cmd: ['x'] });
});

test('DF-LEX-22 an unknown flag is refused, with the one that was meant, and so is a repeated one', () => {
  expect(told(`${alpine}COPY --chwon=1 a b`)).toBe(
    'dockerfile parse error on line 2: unknown flag: --chwon (did you mean chown?)',
  );
  expect(told(`${alpine}ENV --x a=b`)).toBe('dockerfile parse error on line 2: unknown flag: --x');
  expect(told(`${alpine}COPY --chown=1 --chown=2 a b`)).toBe(
    'dockerfile parse error on line 2: duplicate flag specified: --chown',
  );
});

test('DF-LEX-23 forms of flag values, and `--` that ends the flags', () => {
  const copies = parseDockerfile(`${alpine}COPY --link --chown="1:1" a b\nCOPY --link=false --chmod='644' a b\nCOPY -- --a b`);
  expect(copies.diagnostics).toEqual([]);
  expect(copies.file.instructions.slice(1)).toMatchObject([
    { link: true, chown: { text: '1:1' } },
    { link: false, chmod: { text: '644' } },
    { args: ['--a', 'b'], flags: [] },
  ]);
  expect(told(`${alpine}COPY --link=x a b`)).toContain('expecting boolean value for flag --link, not: x');
  expect(told(`${alpine}COPY --chown a b`)).toContain('missing a value on flag: --chown');
});

test('DF-LEX-24 only a whole array of strings is JSON: others stay text, an item of another type is refused', async () => {
  const shell = ['/bin/sh', '-c'];
  for (const text of ['["a"] b', "['a']", '["a"', '["a",]']) {
    expect((await configOf(`${alpine}CMD ${text}`)).Cmd).toEqual([...shell, text]);
  }
  expect((await configOf(`${alpine}CMD [ "a", "b\\u0041" ]`)).Cmd).toEqual(['a', 'bA']);
  for (const item of ['1', 'null', '["b"]', '{}']) {
    expect(told(`${alpine}CMD ["a", ${item}]`)).toBe('when using JSON array syntax, arrays must be comprised of strings only');
  }
});

test('DF-LEX-25 names with blanks need JSON: quotes mean nothing in a list of words', () => {
  expect(read(`${alpine}COPY ["a b", "/c d/"]\nCOPY "a b" c`).slice(1)).toEqual(['COPY: a b|/c d/', 'COPY: "a|b"|c']);
});

test('DF-HD-02 a heredoc script with a shebang is run as a file', async () => {
  const compiled = await compileText(`${alpine}RUN <<EOF\n#!/usr/bin/env python\nprint(1)\nEOF\n`);
  expect(commands(compiled)).toEqual([['/bin/sh', '-c', '/dev/pipes/EOF']]);
  expect(inlineFiles(compiled)).toEqual({ '/EOF': '#!/usr/bin/env python\nprint(1)\n' });
});

test('DF-HD-05 several heredocs in one COPY, and beside a file', async () => {
  const compiled = await compileText(`${alpine}COPY <<a.txt <<b.txt c.txt /x/\n1\na.txt\n2\nb.txt\n`);
  expect(inlineFiles(compiled)).toEqual({ '/a.txt': '1\n', '/b.txt': '2\n' });
  const copies = vertices(compiled).flatMap(({ op }) => (op.kind === 'file' ? op.actions : []));
  expect(copies.flatMap((action) => (action.action === 'copy' ? [`${action.src} ${action.dest}`] : [])).sort()).toEqual([
    '/a.txt /x/',
    '/b.txt /x/',
    '/c.txt /x/',
  ]);
});

test('DF-HD-09 `<<-` cuts leading tabs, and no other blanks', async () => {
  const compiled = await compileText(`${alpine}COPY <<-EOF /x\n\t\ta\n\t  b\n  c\n\tEOF\n`);
  expect(inlineFiles(compiled)).toEqual({ '/EOF': 'a\n  b\n  c\n' });
});

test('DF-HD-11 a delimiter line that ends in CRLF', async () => {
  const compiled = await compileText(`${alpine}COPY <<EOF /x\r\na\r\nEOF\r\nUSER u\r\n`);
  expect([inlineFiles(compiled), compiled.image.config.User]).toEqual([{ '/EOF': 'a\r\n' }, 'u']);
});

test('DF-HD-12 a heredoc without end, and one as destination, are refused', () => {
  expect(told(`${alpine}RUN <<EOF\na\n`)).toBe('unterminated heredoc');
  expect(told(`${alpine}COPY a <<EOF\nx\nEOF\n`)).toContain('COPY cannot accept a heredoc as a destination');
});

test('DF-HD-13 `<<<` belongs to the shell', async () => {
  const text = 'cat <<< x';
  expect(commands(await compileText(`${alpine}RUN ${text}\nUSER u`))).toEqual([['/bin/sh', '-c', text]]);
});

test('DF-VAR-12 the old ENV form keeps its blanks', async () => {
  expect((await configOf(`${alpine}ENV a   b  c = "d  e"`)).Env?.at(-1)).toBe('a=b  c = d  e');
});

test('DF-VAR-13 nothing is expanded in what a shell or a program will read', async () => {
  const shell = ['/bin/sh', '-c'];
  const compiled = await compileText(
    `${alpine}ENV v=1\nRUN echo $v \${v^^}\nCMD echo $v\nENTRYPOINT ["$v"]\nHEALTHCHECK CMD echo $v`,
  );
  expect(commands(compiled)).toEqual([[...shell, 'echo $v ${v^^}']]);
  expect(compiled.image.config).toMatchObject({
    Cmd: [...shell, 'echo $v'],
    Entrypoint: ['$v'],
    Healthcheck: { Test: ['CMD-SHELL', 'echo $v'] },
  });
});

test('DF-VAR-15 variables in RUN --mount, except its source image', async () => {
  const compiled = await compileText(`${alpine}ARG d=/t\nRUN --mount=type=cache,id=\${d}1,target=$d/x true`);
  const mounts = vertices(compiled).flatMap(({ op }) => (op.kind === 'exec' ? op.mounts : []));
  expect(mounts).toContainEqual(expect.objectContaining({ type: 'cache', id: '//t1', dest: '/t/x' }));
  expect(told(`${alpine}RUN --mount=from=$x,target=/y true`)).toContain(
    "'from' doesn't support variable expansion, define alias stage instead",
  );
});

test('DF-FROM-01 an image as the base: what it says of itself is inherited', async () => {
  expect(await configOf('FROM node:20')).toMatchObject({
    User: 'node',
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['node'],
    WorkingDir: '/home/node',
    Labels: { vendor: 'node' },
  });
});

test('DF-FROM-03 the empty base has no layers and no files', async () => {
  const { image, result } = await compileText('FROM scratch');
  expect({ layers: image.baseDiffIds, history: image.history, result }).toEqual({ layers: [], history: [], result: undefined });
});

test('DF-FROM-06 stage names, AS in any case, and FROM lines with the wrong number of words', () => {
  expect(parseDockerfile('FROM a aS b-1.c_D').file.stages[0]?.name).toBe('b-1.c_d');
  for (const name of ['1x', 'a/b', '_a', '$n']) {
    expect(told(`FROM a AS ${name}`)).toContain(`invalid name for build stage: "${name}"`);
  }
  for (const rest of ['', ' a b', ' a AS', ' a IS b', ' a AS b c'])
    expect(told(`FROM${rest}`)).toContain('FROM requires either one or three arguments');
});

test('DF-FROM-07 a platform for one stage, by constant and by the machine that builds', async () => {
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const text =
    'FROM --platform=linux/arm64 alpine:3.20 AS a\nRUN a\nFROM --platform=$BUILDPLATFORM alpine:3.20 AS b\nRUN b\nFROM alpine:3.20\nCOPY --from=a / /\nCOPY --from=b / /';
  const compiled = await compileText(text, { targetPlatform: { os: 'linux', architecture: 's390x' } });
  const runs = vertices(compiled).flatMap(({ op, platform }) => (op.kind === 'exec' ? [[op.args.at(-1), platform]] : []));
  expect(runs).toEqual([
    ['a', arm64],
    ['b', { os: 'linux', architecture: 'amd64' }],
  ]);
  expect(compiled.image.platform.architecture).toBe('s390x');
});

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

test('DF-FROM-11 the default PATH where there is none, and the history of the base', async () => {
  expect((await configOf('FROM scratch')).Env).toEqual([defaultPath]);
  expect((await configOf('FROM busybox')).Env).toEqual([defaultPath]);
  const { image } = await compileText(`${alpine}USER u`);
  expect(image.config.Env).toEqual(['PATH=/usr/local/bin:/usr/bin:/bin']);
  expect([image.baseHistory.map(({ created_by: by }) => by), image.history.map(({ createdBy }) => createdBy)]).toEqual([
    ['base layer'],
    ['USER u'],
  ]);
});

test('DF-FROM-13 a health check, a stop signal and the mark of commands come from the stage below', async () => {
  const inherited = { Healthcheck: { Test: ['CMD', 'h'] }, StopSignal: 'SIGQUIT', ArgsEscaped: true };
  expect(await configOf(`${alpine}HEALTHCHECK CMD ["h"]\nSTOPSIGNAL SIGQUIT\nCMD c\nFROM alpine:3.20`)).not.toMatchObject(
    inherited,
  );
  expect(await configOf('FROM alpine:3.20 AS a\nHEALTHCHECK CMD ["h"]\nSTOPSIGNAL SIGQUIT\nCMD c\nFROM a\nUSER u')).toMatchObject(
    inherited,
  );
});

test('DF-ARG-07 an ARG needs a name, and it is taken as it is written', async () => {
  expect(told(`${alpine}ARG =x`)).toContain('ARG names can not be blank');
  expect(told('ARG a =x\nFROM alpine:3.20')).toContain('ARG names can not be blank');
  expect((await configOf(`${alpine}ARG n=foo\nARG $n=bar\nENV x=<$foo>`)).Env?.at(-1)).toBe('x=<>');
});

test('DF-ARG-11 proxies are variables of steps without being declared, and stand in the history when they are', async () => {
  const buildArgs = { HTTP_PROXY: 'http://p' };
  const historyOf = async (arg: string): Promise<string | undefined> =>
    (await compileText(`${alpine}${arg}RUN x`, { buildArgs })).image.history.at(-1)?.createdBy;
  const compiled = await compileText(`${alpine}RUN x`, { buildArgs });
  expect(vertices(compiled).flatMap(({ op }) => (op.kind === 'exec' ? [op.proxyEnv] : []))).toEqual([{ http: 'http://p' }]);
  expect(await historyOf('')).toBe('RUN /bin/sh -c x # buildkit');
  expect(await historyOf('ARG HTTP_PROXY\n')).toBe('RUN |1 HTTP_PROXY=http://p /bin/sh -c x # buildkit');
});

test('DF-ARG-13 forms of ENV, and its order when a name is set again', async () => {
  expect((await configOf(`${alpine}ENV a="b c" d=e\\ f g='h $i' j=k\nENV l=m a=2`)).Env?.slice(1)).toEqual([
    'a=2',
    'd=e f',
    'g=h $i',
    'j=k',
    'l=m',
  ]);
  expect(told(`${alpine}ENV a=b c`)).toBe('Syntax error - can\'t find = in "c". Must be of the form: name=value');
});

test('DF-MISC-01 several labels, set again, and labels of the command line over them', async () => {
  const labels = { a: 'cli' };
  expect((await configOf(`${alpine}LABEL a=1 b="2 3"\nLABEL b=4 c=5`, { labels })).Labels).toEqual({ a: 'cli', b: '4', c: '5' });
});

test('DF-MISC-02 LINT-08 MAINTAINER sets the author, and is discouraged', async () => {
  const text = `${alpine}MAINTAINER Ann <a@b.c>`;
  expect((await compileText(text)).image.author).toBe('Ann <a@b.c>');
  expect(findings(text)).toEqual(['MaintainerDeprecated 2']);
});

test('DF-MISC-04 a relative WORKDIR goes on from the last one, and is cleaned', async () => {
  const at = async (text: string): Promise<string | undefined> => (await configOf(`${alpine}${text}`)).WorkingDir;
  expect(await at('WORKDIR /a\nWORKDIR b\nWORKDIR ./c/')).toBe('/a/b/c');
  expect(await at('WORKDIR /a/../b\nWORKDIR ../c')).toBe('/c');
  expect(await at('WORKDIR /a\nWORKDIR ../../..')).toBe('/');
});

test('DF-MISC-05 WORKDIR / makes no layer, any other does, also from a variable', async () => {
  const { image } = await compileText(`${alpine}ENV x=d\nWORKDIR /\nWORKDIR /$x`);
  expect(image.config.WorkingDir).toBe('/d');
  expect(image.history.map(({ createdBy, emptyLayer }) => [createdBy, emptyLayer])).toEqual([
    ['ENV x=d', true],
    ['WORKDIR /', true],
    ['WORKDIR /d', false],
  ]);
});

test('DF-MISC-08 USER is kept as written', async () => {
  for (const user of ['name', '0', 'name:group', '1000:1000', 'a:b:c']) {
    expect((await configOf(`${alpine}USER ${user}`)).User).toBe(user);
  }
});

test('DF-MISC-13 CMD in both forms, and cleared', async () => {
  expect((await configOf(`${alpine}CMD a  b`)).Cmd).toEqual(['/bin/sh', '-c', 'a  b']);
  expect((await configOf(`${alpine}CMD ["a", "b"]`)).Cmd).toEqual(['a', 'b']);
  expect((await configOf('FROM node:20\nCMD []')).Cmd).toEqual([]);
});

test('DF-MISC-15 LINT-12 the last CMD counts, with a warning at the one before', async () => {
  const text = `${alpine}CMD ["a"]\nCMD ["b"]`;
  expect((await configOf(text)).Cmd).toEqual(['b']);
  expect(findings(text)).toEqual(['MultipleInstructionsDisallowed 2']);
});

test('DF-MISC-16 SHELL is JSON, changes what follows, and is inherited', async () => {
  expect(told(`${alpine}SHELL sh -c`)).toContain('SHELL requires the arguments to be in JSON form');
  expect(told(`${alpine}SHELL []`)).toContain('SHELL requires at least one argument');
  const text = 'FROM alpine:3.20 AS a\nRUN one\nSHELL ["bash", "-c"]\nRUN two\nFROM a\nRUN three\nCMD four\nENTRYPOINT five';
  const compiled = await compileText(text);
  expect(commands(compiled)).toEqual([
    ['/bin/sh', '-c', 'one'],
    ['bash', '-c', 'two'],
    ['bash', '-c', 'three'],
  ]);
  expect(compiled.image.config).toMatchObject({
    Shell: ['bash', '-c'],
    Cmd: ['bash', '-c', 'four'],
    Entrypoint: ['bash', '-c', 'five'],
  });
});

test('DF-MISC-18 wrong HEALTHCHECK options are refused', () => {
  const mistakes: Readonly<Record<string, string>> = {
    'NONE x': 'HEALTHCHECK NONE takes no arguments',
    '--interval=1us CMD x': 'Interval "interval" cannot be less than 1ms',
    '--timeout=-1s CMD x': 'Interval "timeout" cannot be less than 1ms',
    '--retries=-1 CMD x': '--retries cannot be negative (-1)',
    '--interval=3 CMD x': 'time: missing unit in duration "3"',
    CMD: 'Missing command after HEALTHCHECK CMD',
    'EXEC x': 'Unknown type "EXEC" in HEALTHCHECK (try CMD)',
  };
  for (const [text, message] of Object.entries(mistakes)) expect(told(`${alpine}HEALTHCHECK ${text}`)).toContain(message);
});

test('DF-MISC-20 CMD leaves a mark in the config, in both forms', async () => {
  expect((await configOf(alpine)).ArgsEscaped).toBeUndefined();
  for (const command of ['x', '["x"]']) expect((await configOf(`${alpine}CMD ${command}`)).ArgsEscaped).toBe(true);
});

test('DF-ONB-04 what ONBUILD cannot hold', async () => {
  expect(told(`${alpine}ONBUILD ONBUILD RUN x`)).toContain("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  for (const word of ['FROM', 'MAINTAINER'])
    expect(told(`${alpine}ONBUILD ${word} x`)).toContain(`${word} isn't allowed as an ONBUILD trigger`);
  expect(told(`${alpine}ONBUILD`)).toContain('ONBUILD requires at least one argument');
  expect(told(`${alpine}ONBUILD CMD [1]`)).toContain('arrays must be comprised of strings only');
});

test('a trigger that can not be read fails the stage that runs it, and no other', async () => {
  const base = 'FROM alpine:3.20 AS a\nONBUILD COPY --chwon=1 x y\nONBUILD RUM z\n';
  expect(await refusalOf(`${base}FROM alpine:3.20\nUSER u`)).toBe('nothing');
  expect(await refusalOf(`${base}FROM a`)).toContain("an ONBUILD trigger of `a` can't run: unknown flag: --chwon");
});

test('DF-ONB-06 triggers run in order, with their mounts and with build arguments', async () => {
  const base = 'FROM alpine:3.20 AS a\nONBUILD ARG v=1\nONBUILD RUN --mount=type=cache,target=/c one\nONBUILD RUN two\n';
  const compiled = await compileText(`${base}FROM a\nRUN three`, { buildArgs: { v: '2' } });
  expect(commands(compiled).map((args) => args.at(-1))).toEqual(['one', 'two', 'three']);
  const [first] = vertices(compiled).flatMap(({ op }) => (op.kind === 'exec' ? [op.mounts] : []));
  expect(first?.map(({ dest }) => dest)).toEqual(['/', '/c']);
  expect(lastEnv(compiled)).toMatchObject({ v: '2' });
});

test.for([
  ['an index of a stage that nothing needs', 'FROM scratch AS a\nCOPY --from=9 x y\nFROM scratch', 'invalid stage index 9'],
  ['a blank base of one', 'FROM $x AS a\nFROM scratch', 'base name ($x) should not be blank'],
  ['a platform of one', 'FROM --platform=a/b/c/d alpine AS a\nFROM scratch', 'failed to parse platform a/b/c/d'],
  [
    'a source of one that is no name',
    'FROM scratch AS a\nCOPY --from=a::b x y\nFROM scratch',
    'failed to parse stage name "a::b"',
  ],
  [
    'a circle of stages that nothing needs',
    'FROM scratch AS a\nCOPY --from=b x y\nFROM scratch AS b\nCOPY --from=a x y\nFROM scratch',
    'circular dependency detected on stage: a',
  ],
] as const)('compile() refuses %s, as BuildKit does', async ([, text, message]) => {
  expect(await refusalOf(text)).toContain(message);
});

test('what only a stage that nothing needs would fail with is no mistake of the build', async () => {
  expect(await refusalOf('FROM scratch AS a\nSTOPSIGNAL foo\nCOPY --from=b x y\nFROM scratch AS b\nFROM scratch')).toBe(
    'nothing',
  );
});
