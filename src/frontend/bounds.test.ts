import { expect, test } from 'vitest';
import { maxExpandedLength } from '../dockerfile/expand.ts';
import { outline, parseDockerfile } from '../dockerfile/index.ts';
import { compileText } from './compile-text.ts';
import { verdictOf } from './verdict.ts';

// Files that nobody would write: a result or an error, never a stack or a memory that overflows.

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const stages = 4000;
const amd64 = { os: 'linux', architecture: 'amd64' } as const;

test.for<[what: string, text: string]>([
  ['stages, each on the one above', `FROM scratch AS s0\n${times(stages, (at) => `FROM s${at} AS s${at + 1}\nUSER u${at}`)}`],
  [
    'stages, each copying from the one above',
    `FROM scratch AS s0\nCOPY a /a\n${times(stages, (at) => `FROM scratch AS s${at + 1}\nCOPY --from=s${at} /a /a`)}`,
  ],
  [
    'stages, each with a trigger that copies from the one above',
    `FROM scratch AS s0\nCOPY a /a\n${times(stages / 8, (at) => `FROM s${at} AS s${at + 1}\nONBUILD COPY --from=s${at} /a /a`)}`,
  ],
  ['ENVs', `FROM scratch\n${times(stages, (at) => `ENV A${at}=$A${at - 1}x`)}`],
  ['LABELs', `FROM scratch\n${times(stages * 2, (at) => `LABEL a${at}=x`)}`],
  ['ARGs', `FROM scratch\n${times(stages * 2, (at) => `ARG A${at}=x`)}\nRUN x`],
  ['equal COPYs', `FROM scratch\n${'COPY a /a\n'.repeat(stages)}`],
])('compile() takes thousands of %s', { timeout: 60_000 }, async ([, text]) => {
  const { image } = await compileText(text);
  expect(image.history.length + image.config.Env!.length).toBeGreaterThan(1);
});

test('compile() refuses thousands of stages, each copying from the one below', { timeout: 60_000 }, async () => {
  const text = times(stages, (at) => `FROM scratch AS s${at}\nCOPY --from=s${at + 1} /a /a`);
  await expect(compileText(`${text}\nFROM scratch AS s${stages}\nCOPY --from=s0 /a /a`)).rejects.toMatchObject({
    code: expect.stringMatching(/^FE_(CIRCULAR|STAGE_ORDER)$/) as string,
  });
});

test.for<[what: string, text: string, line: number]>([
  ['ENV', `FROM scratch\nENV a0=0123456789\n${times(60, (at) => `ENV a${at + 1}=$a${at}$a${at}`)}`, 19],
  ['ARG before FROM', `ARG a0=0123456789\n${times(60, (at) => `ARG a${at + 1}=$a${at}$a${at}`)}\nFROM $a60`, 18],
  ['LABEL', `FROM scratch\nENV a0=0123456789\n${times(16, (at) => `ENV a${at + 1}=$a${at}$a${at}`)}\nLABEL x=$a16$a16`, 19],
])('compile() refuses %s when it has doubled too often', async ([, text, line]) => {
  await expect(compileText(text)).rejects.toMatchObject({
    code: 'DF_TOO_LONG',
    message: expect.stringContaining(`it would be longer than ${maxExpandedLength} characters`) as string,
    at: { start: { line } },
  });
});

test('compile() refuses many words that are long together', async () => {
  const text = `FROM scratch\nENV a0=0123456789\n${times(16, (at) => `ENV a${at + 1}=$a${at}$a${at}`)}`;
  await expect(compileText(`${text}\n${times(200, (at) => `LABEL x${at}=$a16`)}`)).rejects.toMatchObject({
    code: 'DF_TOO_LONG',
    at: { start: { line: expect.any(Number) as number } },
  });
});

const doubling = `FROM scratch\nENV a0=0123456789\n${times(16, (at) => `ENV a${at + 1}=$a${at}$a${at}`)}\n`;

test.for<[what: string, text: string]>([
  ['LABEL', `${doubling}${times(2000, (at) => `LABEL x${at}=$a16`)}`],
  ['values that are only trimmed', `${doubling}${times(2000, (at) => `LABEL x${at}=\${a16##*}`)}`],
  ['values that are searched', `${doubling}${times(2000, (at) => `LABEL x${at}=\${a11//0*x/y}`)}`],
  ['EXPOSE', `${doubling}${times(2000, () => 'EXPOSE 1-65535')}`],
  ['bodies of heredocs', `${doubling}${times(2000, () => 'COPY <<E /x\n$a16\nE')}`],
  ['the environment of RUN', `${doubling}${times(2000, () => 'RUN x')}`],
  ['values that stages inherit', `FROM scratch AS s0\n${times(3000, (at) => `FROM s${at} AS s${at + 1}\nENV a${at}=x`)}`],
  ['triggers', `FROM a AS s\n${'ONBUILD USER x\n'.repeat(2000)}${'FROM s\n'.repeat(2000)}`],
])('a file that becomes too long by %s is refused once, by compile() and by check', { timeout: 60_000 }, async ([, text]) => {
  const parsed = parseDockerfile(text);
  const options = { targetPlatform: amd64, buildPlatform: amd64 };
  const request = { rules: { own: true }, options, ports: undefined };
  const { mistakes, buildError } = await verdictOf(parsed, request, new AbortController().signal);
  const tooLong = mistakes.filter(({ code }) => code === 'DF_TOO_LONG');
  expect(tooLong).toHaveLength(1);
  expect(buildError).toMatchObject({ code: 'DF_TOO_LONG', at: { start: { line: expect.any(Number) as number } } });
});

test('outline() of a file that becomes too long ends', () => {
  const { file } = parseDockerfile(`${doubling}${times(2000, (at) => `ARG x${at}=$a16`)}`);
  const { args } = outline(file, file.stages[0]!);
  expect(args).toHaveLength(2000);
  expect(args.filter(({ value }) => value !== '').length).toBeLessThan(110);
});

test('the name of a RUN is not filled in without end', async () => {
  const { names } = await compileText(`${doubling}ENV b=x\nRUN echo $b ${'$a16'.repeat(50)}`);
  expect([...names.values()].some((name) => name.includes('echo x $a16$a16'))).toBe(true);
});

test('VOLUME, EXPOSE and ONBUILD of a stage come on top of those of its base', async () => {
  const { image } = await compileText(
    'FROM scratch AS a\nVOLUME /b /a\nEXPOSE 1\nONBUILD USER x\nFROM a\nVOLUME /c /a\nEXPOSE 2-3\nONBUILD USER y',
  );
  expect(image.config).toMatchObject({ User: 'x', OnBuild: ['USER y'] });
  expect(Object.keys(image.config.Volumes ?? {})).toEqual(['/b', '/a', '/c']);
  expect(Object.keys(image.config.ExposedPorts ?? {})).toEqual(['1/tcp', '2/tcp', '3/tcp']);
});

test.for<[what: string, text: string]>([
  ['VOLUMEs', `FROM scratch\n${times(30_000, (at) => `VOLUME /a${at}`)}`],
  ['triggers', `FROM scratch\n${times(30_000, (at) => `ONBUILD USER a${at}`)}`],
  [
    'mounts from as many stages',
    `${times(5000, (at) => `FROM scratch AS s${at}\nCOPY a /a`)}\nFROM scratch\nRUN ${times(5000, (at) => `--mount=from=s${at},target=/x${at} \\`)}\nx`,
  ],
])('compile() takes very many %s', { timeout: 60_000 }, async ([, text]) => {
  const { image } = await compileText(text);
  expect(image.history.length + (image.config.OnBuild?.length ?? 0)).toBeGreaterThan(0);
});

test('a pattern is not looked for in a value that is too long for it', async () => {
  const doubled = times(13, (at) => `ENV a${at + 1}=$a${at}$a${at}`);
  const text = `FROM scratch\nENV a0=0123456789\n${doubled}`;
  await expect(compileText(`${text}\nENV b=\${a13//0*x/y}`)).rejects.toMatchObject({ code: 'DF_TOO_LONG' });
  await expect(compileText(`${text}\nENV b=\${a11//0/\${a11}}`)).rejects.toMatchObject({ code: 'DF_TOO_LONG' });
});
