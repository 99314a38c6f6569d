import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { checkParsed } from '../../build/index.ts';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, type FakeOptions } from '../fake-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-check-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
write('Dockerfile', 'FROM scratch\n');
write('config.json', '{"check":{"skip":["StageNameCasing"]}}');
write('error.json', '{"check":{"error":true}}');
write('wrong.json', '{"check":{"skipp":[]}}');

async function check(argv: readonly string[], options: FakeOptions = {}) {
  const world = createFakeWorld({ cwd: folder, library: { checkParsed }, ...options });
  const code = await runCli(['check', ...argv], world);
  return { code, out: world.stdout(), err: world.stderr() };
}

const bad = 'FROM a AS X\nENV a b\n';

test('slipway check of a clean file says so and ends with 0', async () => {
  expect(await check([])).toEqual({ code: 0, out: 'Check complete, no warnings found.\n', err: '' });
});

test('slipway check shows each finding with its page and its lines, and ends with 1', async () => {
  const { code, out } = await check(['-'], { stdin: bad });
  expect(code).toBe(1);
  expect(out).toBe(
    [
      'Check complete, 2 warnings have been found!',
      '',
      'WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
      "Stage name 'X' should be lowercase",
      'Dockerfile:1',
      '--------------------',
      '   1 | >>> FROM a AS X',
      '   2 |     ENV a b',
      '   3 |     ',
      '--------------------',
      '',
      'WARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/',
      '"ENV key=value" should be used instead of legacy "ENV key value" format',
      'Dockerfile:2',
      '--------------------',
      '   1 |     FROM a AS X',
      '   2 | >>> ENV a b',
      '   3 |     ',
      '--------------------',
      '',
    ].join('\n'),
  );
});

test('slipway check tells mistakes on standard error, and what it could check all the same', async () => {
  const { code, out, err } = await check(['-'], { stdin: `${bad}RUM x\n` });
  expect(code).toBe(1);
  expect(out).toContain('WARNING: StageNameCasing');
  expect(err).toContain('error[DF_UNKNOWN_INSTRUCTION]: unknown instruction: RUM (did you mean RUN?)');
});

test('slipway check --format json is what BuildKit prints', async () => {
  const { out } = await check(['--format', 'json', '-'], { stdin: bad });
  expect(JSON.parse(out)).toMatchObject({
    warnings: [
      {
        ruleName: 'StageNameCasing',
        detail: "Stage name 'X' should be lowercase",
        location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
      },
      { ruleName: 'LegacyKeyValueFormat' },
    ],
    sources: [{ filename: 'Dockerfile', data: Buffer.from(bad).toString('base64'), language: 'Dockerfile' }],
  });
});

test('slipway check --format github writes one escaped command for each finding', async () => {
  write('a,b', bad);
  const { out } = await check(['--format', 'github', 'a,b']);
  expect(out).toBe(
    "::warning file=a%2Cb,line=1,endLine=1,col=11,endColumn=12,title=StageNameCasing::Stage name 'X' should be lowercase\n" +
      '::warning file=a%2Cb,line=2,endLine=2,col=1,endColumn=8,title=LegacyKeyValueFormat::"ENV key=value" should be used instead of legacy "ENV key value" format\n',
  );
});

test('slipway check --format sarif names rules, places and repairs', async () => {
  const { out } = await check(['--format', 'sarif', '-'], { stdin: `${bad}RUM x\n` });
  const [run] = JSON.parse(out).runs;
  expect(run.tool.driver).toMatchObject({
    name: 'slipway',
    version: '1.2.3',
    rules: [{ id: 'DF_UNKNOWN_INSTRUCTION' }, { id: 'StageNameCasing' }],
  });
  expect(run.results).toMatchObject([
    {
      ruleId: 'StageNameCasing',
      level: 'warning',
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'Dockerfile' }, region: { startLine: 1, startColumn: 11, endColumn: 12 } },
        },
      ],
      fixes: [{ artifactChanges: [{ replacements: [{ insertedContent: { text: 'x' } }] }] }],
    },
    { ruleId: 'DF_UNKNOWN_INSTRUCTION', level: 'error' },
  ]);
});

test('slipway check leaves out what the configuration, the command line or the build arg skip', async () => {
  const rules = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
    const { out } = await check([...argv, '--format', 'json', '-'], { stdin: bad, env });
    return (JSON.parse(out).warnings ?? []).map(({ ruleName }: { ruleName: string }) => ruleName);
  };
  expect(await rules([], { SLIPWAY_CONFIG: join(folder, 'config.json') })).toEqual(['LegacyKeyValueFormat']);
  expect(await rules(['--skip', 'LegacyKeyValueFormat'])).toEqual(['StageNameCasing']);
  expect(await rules(['--skip', 'all'])).toEqual([]);
  expect(await rules(['--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=skip=StageNameCasing'])).toEqual(['LegacyKeyValueFormat']);
});

test.for<readonly [readonly string[], FakeOptions]>([
  [['--check-error'], {}],
  [[], { env: { SLIPWAY_CONFIG: join(folder, 'error.json') } }],
])('slipway check %j calls findings an error where that is asked for', async ([argv, options]) => {
  const { code, err } = await check([...argv, '-'], { stdin: bad, ...options });
  expect(code).toBe(1);
  expect(err).toContain('error[DF_LINT_VIOLATION]: lint violation found for rules: StageNameCasing, LegacyKeyValueFormat');
});

test('slipway check refuses a configuration with unknown members, and unknown formats', async () => {
  expect(await check([], { env: { SLIPWAY_CONFIG: join(folder, 'wrong.json') } })).toMatchObject({ code: 2 });
  expect(await check(['--format', 'xml'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('use text, json, sarif, github'),
  });
});

test('slipway check --fix repairs what is sure, shows the changes and says what is left', async () => {
  write('fix', 'from a AS X\nEXPOSE 80/TCP # web\nENV a b\nMAINTAINER me\nENV c "d"\nCOPY x /y/ # all\n');
  const { code, out, err } = await check(['--fix', 'fix']);
  const repaired =
    'FROM a AS x\n# web\nEXPOSE 80/tcp\nENV a=b\nLABEL org.opencontainers.image.authors="me"\nENV c "d"\n# all\nCOPY x /y/\n';
  expect(readFileSync(join(folder, 'fix'), 'utf8')).toBe(repaired);
  expect(out).toContain('--- fix\n+++ fix\n@@ -1,7 +1,9 @@\n-from a AS X\n-EXPOSE 80/TCP # web\n');
  expect(err).toContain('left');
  expect(code).toBe(1);
  expect(await check(['--fix', 'fix'])).toMatchObject({ code: 1, out: expect.stringContaining('LegacyKeyValueFormat') });
});

test('slipway check --fix keeps a byte order mark and CRLF', async () => {
  write('crlf', '\uFEFFFROM a AS x\r\nEXPOSE 80/TCP # web\r\n');
  await check(['--fix', 'crlf']);
  expect(readFileSync(join(folder, 'crlf'), 'utf8')).toBe('\uFEFFFROM a AS x\r\n# web\r\nEXPOSE 80/tcp\r\n');
});

test('slipway check compiles every stage, for the mistakes that only show then', async () => {
  const text = 'FROM a AS one\nARG t=tmpf\nRUN --mount=type=$t,target=/x true\nFROM b\nCOPY --from=7 x y\nSTOPSIGNAL foo\n';
  const { code, err } = await check(['-'], { stdin: text });
  expect(code).toBe(1);
  expect(err).toContain('error[DF_BAD_MOUNT]: unsupported mount type "tmpf" (did you mean tmpfs?)\n\n  Dockerfile:3:13');
  expect(err).toContain('error[FE_UNKNOWN_STAGE]: invalid stage index 7\n\n  Dockerfile:5:13');
  expect(err).toContain('error[DF_BAD_SIGNAL]: invalid signal: foo\n\n  Dockerfile:6:1');
});

test('slipway check does not judge what only the base image can tell', async () => {
  const text = 'FROM a\nSTOPSIGNAL $SIG\nVOLUME $DATA\nEXPOSE ${PORT:?}\nRUN --mount=type=bind,target=$D echo $X\n';
  expect((await check(['-', '--skip', 'UndefinedVar'], { stdin: text })).err).toBe('');
  expect((await check(['-', '--skip', 'UndefinedVar'], { stdin: text.replace('FROM a', 'FROM scratch') })).err).toContain(
    'invalid signal',
  );
});

test('slipway check --fix --dry-run writes nothing', async () => {
  write('dry', bad);
  const { out } = await check(['--fix', '--dry-run', 'dry']);
  expect(out).toBe('--- dry\n+++ dry\n@@ -1,3 +1,3 @@\n-FROM a AS X\n-ENV a b\n+FROM a AS x\n+ENV a=b\n \n');
  expect(readFileSync(join(folder, 'dry'), 'utf8')).toBe(bad);
  expect(await check(['--fix', '-'], { stdin: bad })).toMatchObject({ code: 2 });
});

test('LINT-19 slipway check reads the ignore file beside the Dockerfile', async () => {
  write('.dockerignore', '*.log\n');
  const { out } = await check(['-', '--skip', 'none'], { stdin: 'FROM a\nCOPY a.log /\n' });
  expect(out).not.toContain('CopyIgnoredFile');
  write('logs', 'FROM a\nCOPY a.log /\n');
  expect((await check(['logs'])).out).toContain('WARNING: CopyIgnoredFile - ');
  rmSync(join(folder, '.dockerignore'));
});

test('slipway check says so when it finds a directory or a loop of links in the place of a file', async () => {
  mkdirSync(join(folder, 'app/Dockerfile'), { recursive: true });
  symlinkSync('loop', join(folder, 'loop'));
  expect(await check(['app'])).toMatchObject({
    code: 2,
    err: 'error[CLI_NO_DOCKERFILE]: failed to read dockerfile: open app/Dockerfile: is a directory\n',
  });
  expect(await check(['loop'])).toMatchObject({
    code: 2,
    err: `error[FILE_FAULT]: ${join(folder, 'loop')}: too many levels of symbolic links\n`,
  });
});

test('slipway check takes a directory .dockerignore for no ignore file', async () => {
  mkdirSync(join(folder, '.dockerignore'));
  onTestFinished(() => rmSync(join(folder, '.dockerignore'), { recursive: true }));
  expect(await check([])).toMatchObject({ code: 0, err: '' });
});

test('slipway check --skip takes several rules, and refuses one that is not there', async () => {
  expect(await check(['--skip', 'StageNameCasing,LegacyKeyValueFormat', '-'], { stdin: bad })).toMatchObject({
    code: 0,
    err: '',
  });
  for (const flag of ['--skip', '--experimental'])
    expect(await check([flag, 'stagenamecasin', '-'], { stdin: bad })).toMatchObject({
      code: 2,
      err: `error[CLI_BAD_FLAG_VALUE]: \`${flag}\`: there is no rule \`stagenamecasin\`\n  hint: did you mean \`StageNameCasing\`?\n`,
    });
});
