import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SourceSpan } from '../base/index.ts';
import type { Diagnostic, Instruction } from './instruction.ts';
import { parseDockerfile, parseTrigger } from './parse.ts';
import { print, printDiagnostics } from './print.ts';

function only(text: string): Instruction {
  const { file, diagnostics } = parseDockerfile(`FROM alpine\n${text}`, 'Dockerfile');
  expect(printDiagnostics(diagnostics)).toBe('');
  const instruction = file.stages[0]?.instructions[0];
  if (instruction === undefined) throw new Error('no instruction');
  return instruction;
}

function complaints(text: string): readonly (readonly [Diagnostic['severity'], string, string])[] {
  return parseDockerfile(text, 'Dockerfile').diagnostics.map((one) => [one.severity, one.code, one.message]);
}

test('DF-LEX-01 parseDockerfile() drops a byte order mark, in bytes and in text', () => {
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode('FROM scratch\n'));
  expect(parseDockerfile(bytes, 'f').diagnostics).toEqual([]);
  expect(print(parseDockerfile('\uFEFFFROM scratch\n', 'f').file)).toBe(print(parseDockerfile(bytes, 'f').file));
});

test('DF-LEX-02 parseDockerfile() reads CRLF lines as it reads LF lines', () => {
  const text = 'FROM alpine\nRUN a \\\n  b\n# c\nENV x=y\n';
  expect(print(parseDockerfile(text.replaceAll('\n', '\r\n'), 'f').file)).toBe(print(parseDockerfile(text, 'f').file));
});

test('DF-LEX-03 parseDockerfile() refuses a line of more than 65535 bytes', () => {
  expect(complaints(`FROM a\nRUN ${'x'.repeat(65_531)}`)).toEqual([]);
  const message = 'dockerfile line greater than max allowed size of 65535';
  expect(complaints(`FROM a\nRUN ${'x'.repeat(65_532)}`)).toEqual([['error', 'DF_LINE_TOO_LONG', message]]);
  expect(complaints(`FROM a\nRUN ${'é'.repeat(32_766)}`)).toEqual([['error', 'DF_LINE_TOO_LONG', message]]);
});

test('DF-LEX-04 parseDockerfile() says what an empty, comment-only or stageless file lacks', () => {
  expect(complaints('')).toEqual([['error', 'DF_EMPTY_FILE', 'the Dockerfile cannot be empty']]);
  expect(complaints('\n# c\n')).toEqual([['error', 'DF_NO_INSTRUCTIONS', 'file with no instructions']]);
  expect(complaints('ARG A')).toEqual([['error', 'DF_NO_STAGES', 'dockerfile contains no stages to build']]);
  expect(complaints('RUN a\nFROM b')).toEqual([['error', 'DF_NO_STAGE_YET', 'no build stage in current context']]);
});

test('DF-LEX-08 parseDockerfile() keeps the blanks before continued lines', () => {
  expect(only('RUN printf "a\\\n    b"')).toMatchObject({ command: { text: 'printf "a    b"' } });
});

test('DF-LEX-20 parseDockerfile() suggests the instruction that was meant', () => {
  expect(complaints('FROM a\nRUM x')).toEqual([
    ['error', 'DF_UNKNOWN_INSTRUCTION', 'unknown instruction: RUM (did you mean RUN?)'],
  ]);
});

test('DF-HD-03 parseDockerfile() keeps a piped heredoc for the shell', () => {
  expect(only('RUN cat <<EOF > /x\n  $a\nEOF\n')).toMatchObject({
    command: { form: 'shell', text: 'cat <<EOF > /x' },
    heredocs: [{ name: 'EOF', rawContent: '  $a\n', text: '<<EOF' }],
  });
});

test('DF-HD-10 parseDockerfile() reads no comment and no continuation inside a heredoc', () => {
  expect(only('COPY <<EOF /x\n# a\nb \\\nEOF\n')).toMatchObject({ heredocs: [{ content: '# a\nb \\\n' }] });
});

test('DF-VAR-14 parseDockerfile() refuses a variable in COPY --from', () => {
  expect(complaints('FROM a\nCOPY --from=$x a b')).toMatchObject([
    ['error', 'DF_FROM_VARIABLE', expect.stringContaining('not supported for --from')],
  ]);
});

test('parseDockerfile() puts a trailing comment of FROM and COPY at the `#`', () => {
  const text =
    "FROM golang:1.11-alpine AS staging #Name this compiling container as 'staging'\nCOPY a b /c/ #This layer will trigger a rebuild\n";
  const sentence = 'a comment must stand on its own line: the words after `#` are arguments of';
  const [from, copy, ...more] = parseDockerfile(text, 'Dockerfile').diagnostics;
  expect(from).toMatchObject({ severity: 'error', code: 'DF_TRAILING_COMMENT', at: { start: { line: 1, column: 36 } } });
  expect(from?.message).toBe(`${sentence} FROM (FROM requires either one or three arguments)`);
  expect(from?.hint).toContain('move the comment to the line above');
  expect(copy).toMatchObject({
    severity: 'error',
    message: `${sentence} COPY`,
    at: { start: { line: 2, column: 14 }, end: { line: 2, column: 48 } },
  });
  expect(more).toEqual([]);
});

test('parseDockerfile() says nothing about `#` where the shell reads it', () => {
  expect(complaints('FROM a\nRUN b # c\nCMD b # c\nENTRYPOINT b # c\nHEALTHCHECK CMD b # c\nRUN <<E\n# d\nE')).toEqual([]);
});

test('parseDockerfile() reads on after a FROM with a trailing comment', () => {
  const { file } = parseDockerfile('FROM a AS b # c\nRUN d\n', 'f');
  expect(file.stages).toMatchObject([{ name: 'b', instructions: [{ kind: 'run' }] }]);
});

const at: SourceSpan = { file: 'Dockerfile', start: { line: 4, column: 1 }, end: { line: 4, column: 12 } };

test('DF-HD-14 parseTrigger() reads a stored trigger with its heredoc', () => {
  const { instruction, diagnostics } = parseTrigger('COPY <<EOF /x\nbody $X\nEOF', at);
  expect(diagnostics).toEqual([]);
  expect(instruction).toMatchObject({
    kind: 'copy',
    span: { start: at.start },
    sources: [{ heredoc: { content: 'body $X\n', span: at } }],
  });
});

test.for([
  ['', 'DF_BAD_ONBUILD'],
  ['RUN a\nRUN b', 'DF_BAD_ONBUILD'],
  ['ONBUILD RUN a', 'DF_BAD_ONBUILD'],
  ['FROM a', 'DF_BAD_ONBUILD'],
  ['COPY a', 'DF_ARGUMENT_COUNT'],
  ['RUM a', 'DF_UNKNOWN_INSTRUCTION'],
])('parseTrigger() refuses %j', ([text = '', code]) => {
  expect(parseTrigger(text, at).diagnostics).toMatchObject([{ severity: 'error', code, at }]);
});

function spansOf(value: unknown): readonly SourceSpan[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'file' in value && 'start' in value && 'end' in value ? [value as SourceSpan] : [];
  return [...own, ...Object.values(value).flatMap(spansOf)];
}

const fragments = fc.constantFrom(
  'FROM a',
  'FROM a AS b',
  ...'RUN|COPY|ADD|ENV|ARG x=|ONBUILD|HEALTHCHECK CMD|SHELL|EXPOSE|VOLUME|# escape=`|--from=|--mount=type=|<<EOF|<<-"E"|EOF'.split(
    '|',
  ),
  ...'#|\\|`|\n|\r\n| |\t|--|[|"a"|]|,|\'|"|$|${|}|:-|x|=|😀|\u0000|\uFEFF|{"syntax":"x"}|// syntax=x'.split('|'),
);
const dockerfiles = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(''));

test('parseDockerfile() is total: any text gives a tree whose spans lie inside the file', { timeout: 60_000 }, () => {
  const insideFile = (text: string): void => {
    const { file, diagnostics } = parseDockerfile(text, 'f');
    for (const span of [...spansOf(file), ...spansOf(diagnostics)]) {
      for (const { line, column } of [span.start, span.end]) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(Math.max(1, file.lines.length));
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual((file.lines[line - 1]?.length ?? 0) + 1);
      }
      expect(span.end.line * 1e6 + span.end.column).toBeGreaterThanOrEqual(span.start.line * 1e6 + span.start.column);
    }
    expect(print(file)).toContain('escape');
  };
  fc.assert(fc.property(dockerfiles, insideFile), { numRuns: 1500 });
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), insideFile));
});

test('parseDockerfile() takes any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseDockerfile(bytes, 'f').file.file === 'f'));
});

test('parseDockerfile() finds an error in whatever it reads as no stage', () => {
  fc.assert(
    fc.property(dockerfiles, (text) => {
      const { file, diagnostics } = parseDockerfile(text, 'f');
      return file.stages.length > 0 || diagnostics.some((one) => one.severity === 'error');
    }),
    { numRuns: 500 },
  );
});

test.for([
  ['continued lines', 'RUN a \\\n', 50_000],
  ['empty continued lines', '\n', 200_000],
  ['words', 'COPY a b\n', 30_000],
  ['heredocs', 'COPY <<A /b\nA\n', 20_000],
  ['trailing comments', 'COPY a b # c\n', 20_000],
] as const)('parseDockerfile() is linear in the number of %s', ([name, unit, count]) => {
  const text = `FROM x\nRUN y ${name.includes('continued') ? '\\\n' : '\n'}${unit.repeat(count)}`;
  expect(parseDockerfile(text, 'f').file.stages).toHaveLength(1);
});

test.for([
  ['blanks', ' '.repeat(500_000)],
  ['dollars', '${'.repeat(200_000)],
  ['heredoc words on one line', ' <<A'.repeat(50_000)],
  ['quotes', '"\''.repeat(200_000)],
  ['brackets', '['.repeat(200_000)],
  ['flags', '--mount=a '.repeat(50_000)],
  ['unclosed heredocs', `${'<<'.repeat(100_000)}`],
  ['backslashes', '\\'.repeat(500_000)],
] as const)('parseDockerfile() is linear in %s', ([, text]) => {
  expect(parseDockerfile(`FROM x\nRUN ${text}<<Z\nCOPY ${text} a\nENV ${text}\n`, 'f').file.stages).toHaveLength(1);
});
