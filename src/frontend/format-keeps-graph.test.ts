import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { format } from '../dockerfile/index.ts';
import { compileText, vertices } from './compile-text.ts';

/** Everything that a build is made of, and nothing of where it stands in the file. */
async function built(text: string): Promise<unknown> {
  const compiled = await compileText(text, { ignorePatterns: [] });
  return [vertices(compiled).map(({ digest }) => digest), compiled.image];
}

async function check(text: string): Promise<void> {
  const made = format(text).text;
  expect(await built(made)).toEqual(await built(text));
  expect(format(made).text).toBe(made);
}

const blank = fc.constantFrom(' ', '  ', '\t', ' \t ');
const word = fc.constantFrom('a', '$A', '"b  c"', "'d'", 'x/', '/y', '#z', '${A:-q}', 'e\\ f');
const words = fc.array(word, { minLength: 2, maxLength: 4 });
const line = fc
  .tuple(
    fc.constantFrom('RUN', 'run', 'Copy', 'ENV', 'label', 'WORKDIR', 'USER', 'CMD', 'ARG', 'onbuild run', 'VOLUME'),
    words,
    fc.array(fc.constantFrom(' ', '   ', '\t', ' \\\n', '  \\\n   ', ' \\\n\n  ', ' \\\n # c\n ', '\\\n'), {
      minLength: 4,
      maxLength: 4,
    }),
    blank,
    fc.boolean(),
  )
  .map(([keyword, args, gaps, first, isJson]) => {
    const isPairs = /^(?:env|label|arg)$/i.test(keyword);
    const shown = args.map((arg, index) => (isPairs ? `K${index}=${arg}` : arg));
    if (isJson && /^(?:run|cmd|volume|copy)$/i.test(keyword)) return `${keyword}${first}[ "a" ,"b c"]`;
    return `${keyword}${first}${shown
      .map((arg, index) => `${arg}${gaps[index] ?? ' '}`)
      .join('')
      .replace(/\s*\\?\s*$/, '')}`;
  });
const other = fc.constantFrom(
  '',
  '  ',
  '# c',
  '  # d',
  '\n\n',
  'RUN <<EOF\n  x  \n\n# y\nEOF',
  'COPY <<A <<-B /x/\n a\nA\n\tb\n\tB',
  'from  busybox  as   next',
);
const dockerfile = fc
  .array(fc.oneof(line, line, other), { maxLength: 12 })
  .map((lines) => `ARG  A=1\nfrom   alpine:3.20\n${lines.join('\n')}\n`);

test('format() keeps the graph and the image of any Dockerfile, and is idempotent', { timeout: 60_000 }, async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(dockerfile, async (text) => {
      try {
        await built(text);
      } catch {
        return; // what can't be built has no graph
      }
      compared += 1;
      await check(text);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(40);
});

const root = fileURLToPath(new URL('../../testdata/frontend/', import.meta.url));
const recorded = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('Dockerfile'));

test('the recorded Dockerfiles are where we think they are', () => {
  expect(recorded.length).toBeGreaterThan(5);
});

test.for(recorded)('format() keeps the graph of %s', async (name) => {
  const text = readFileSync(`${root}${name}`, 'utf8');
  try {
    await built(text);
  } catch {
    return;
  }
  await check(text);
});
