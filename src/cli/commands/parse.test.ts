import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, type FakeOptions } from '../fake-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-parse-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
writeFileSync(join(folder, 'bad'), 'FROM scratch\nRUM a\nCOPY x\n');

async function parse(argv: readonly string[], options: FakeOptions = {}) {
  const world = createFakeWorld({ cwd: folder, ...options });
  const code = await runCli(['parse', ...argv], world);
  return { code, out: world.stdout(), err: world.stderr() };
}

test('slipway parse --json - reads standard input', async () => {
  const { code, out, err } = await parse(['--json', '-'], {
    stdin: '# syntax=docker/dockerfile:1\nFROM a AS b\nENV a="b c" d=e\n',
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toEqual({
    directives: { syntax: 'docker/dockerfile:1' },
    instructions: [
      {
        keyword: 'FROM',
        flags: [],
        args: ['a', 'AS', 'b'],
        form: 'words',
        heredocs: [],
        line: 2,
        endLine: 2,
        original: 'FROM a AS b',
      },
      {
        keyword: 'ENV',
        flags: [],
        args: ['a="b c"', 'd=e'],
        form: 'words',
        heredocs: [],
        line: 3,
        endLine: 3,
        original: 'ENV a="b c" d=e',
      },
    ],
  });
});

test.for<[readonly string[]]>([[[]], [['.']], [['Dockerfile']]])(
  'slipway parse %j prints the tree of the file',
  async ([argv]) => {
    const { code, out } = await parse(argv);
    expect(code).toBe(0);
    expect(out).toContain('from 1:1-1:13');
  },
);

test('slipway parse tells every mistake with its place, prints what it could read, and ends with 2', async () => {
  const { code, out, err } = await parse(['--json', 'bad']);
  expect(code).toBe(2);
  expect(JSON.parse(out).instructions).toHaveLength(1);
  expect(err).toContain('error[DF_UNKNOWN_INSTRUCTION]: unknown instruction: RUM (did you mean RUN?)\n\n  bad:2:1\n');
  expect(err).toContain('error[DF_ARGUMENT_COUNT]: COPY requires at least two arguments');
});

test('slipway parse ends with 0 on warnings', async () => {
  const { code, err } = await parse(['-'], { stdin: 'FROM a\nRUN x \\\n\n y\n' });
  expect(code).toBe(0);
  expect(err).toContain('warning[NoEmptyContinuation]: Empty continuation line\n');
});

test('slipway parse says which file it looked for', async () => {
  const { code, err } = await parse(['none']);
  expect(code).toBe(2);
  expect(err).toContain('error[CLI_NO_DOCKERFILE]: failed to read dockerfile: open none: no such file or directory');
});

test('slipway parse refuses a file that has no end', async () => {
  const { code, out, err } = await parse(['/dev/zero']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('error[CLI_NO_DOCKERFILE]: failed to read dockerfile: /dev/zero is longer than 16.78MB');
});
