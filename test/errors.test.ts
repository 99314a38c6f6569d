import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';

const sources = join(import.meta.dirname, '../src');
const catalogue = join(import.meta.dirname, '../docs/errors');

/** Names of this form that are something else. */
const noCodes: ReadonlySet<string> = new Set(['SOURCE_DATE_EPOCH', 'SSH_AUTH_SOCK']);

interface Row {
  readonly page: string;
  readonly code: string;
  readonly meaning: string;
  readonly advice: string;
}

const pages = readdirSync(catalogue).filter((name) => name.endsWith('.md'));
const rows = pages.flatMap((page) =>
  [...readFileSync(join(catalogue, page), 'utf8').matchAll(/^\| `([A-Z0-9_]+)` \| (.*) \| (.*) \|$/gm)].map(
    ([, code = '', meaning = '', advice = '']): Row => ({ page, code, meaning, advice }),
  ),
);
const prefixes = new Set(rows.map(({ code }) => prefixOf(code)));

function prefixOf(code: string): string {
  return code.slice(0, code.indexOf('_') + 1);
}

/** What ships: tests and what only they use make up codes of their own. */
const shipped = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !/\.(test|d)\.ts$/.test(path) && !/(^|\/)(fake|sample|scratch|scripted)[^/]*$/.test(path),
);

/** Codes by the files that use them: what an error is made with, and every text that looks like a code of the catalogue. */
const used = new Map<string, string>();
for (const path of shipped) {
  const file = join(sources, path);
  const { program } = parseSync(file, readFileSync(file, 'utf8'));
  const note = (text: unknown): void => {
    if (typeof text === 'string' && /^[A-Z]+_[A-Z0-9_]+$/.test(text) && !noCodes.has(text)) used.set(text, path);
  };
  new Visitor({
    NewExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === 'Identifier' && callee.name.endsWith('Error') && first?.type === 'Literal') note(first.value);
    },
    Literal: ({ value }) => {
      if (typeof value === 'string' && prefixes.has(prefixOf(value))) note(value);
    },
  }).visit(program);
}

test('there are codes to look at', () => {
  expect(used.size).toBeGreaterThan(120);
  expect(rows.length).toBeGreaterThan(120);
});

test('every error code is in docs/errors', () => {
  const listed = new Set(rows.map(({ code }) => code));
  expect([...used].filter(([code]) => !listed.has(code)).map(([code, path]) => `${code} of ${path}`)).toEqual([]);
});

test('docs/errors lists no code that nothing uses', () => {
  expect(rows.filter(({ code }) => !used.has(code)).map(({ code, page }) => `${code} in ${page}`)).toEqual([]);
});

test('docs/errors lists each code once', () => {
  const codes = rows.map(({ code }) => code);
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
});

test('docs/errors says of each code what it means and what to do', () => {
  expect(rows.filter(({ meaning, advice }) => meaning.trim() === '' || advice.trim() === '')).toEqual([]);
  const lines = pages.flatMap((page) =>
    readFileSync(join(catalogue, page), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `')),
  );
  expect(lines).toHaveLength(rows.length);
});
