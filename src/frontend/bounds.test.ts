import { expect, test } from 'vitest';
import { maxExpandedLength } from '../dockerfile/expand.ts';
import { compileText } from './compile-text.ts';

// Files that nobody would write: a result or an error, never a stack or a memory that overflows.

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const stages = 4000;

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
    code: 'FE_TOO_LONG',
    at: { start: { line: expect.any(Number) as number } },
  });
});

test('a pattern is not looked for in a value that is too long for it', async () => {
  const doubled = times(13, (at) => `ENV a${at + 1}=$a${at}$a${at}`);
  const text = `FROM scratch\nENV a0=0123456789\n${doubled}`;
  await expect(compileText(`${text}\nENV b=\${a13//0*x/y}`)).rejects.toMatchObject({ code: 'DF_TOO_LONG' });
  await expect(compileText(`${text}\nENV b=\${a11//0/\${a11}}`)).rejects.toMatchObject({ code: 'DF_TOO_LONG' });
});
