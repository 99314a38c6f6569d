import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const docs = join(import.meta.dirname, '../docs');
const page = readFileSync(join(docs, 'wrong-images.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!trap|-)/.test(line) && !line.startsWith('|---'));
const links = rows.flatMap((row) =>
  [...row.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = '', path = '']) => [title, path] as const),
);

test('every trap of docs/wrong-images.md has a test', () => {
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) expect(row).toMatch(/\]\(\.\.\/(src|test|testdata)\//);
});

test.for(links)('docs/wrong-images.md: %s', ([title, path]) => {
  const target = join(docs, path);
  if (path.startsWith('../testdata/')) {
    expect(path.endsWith(`/${title}`)).toBe(true);
    expect(existsSync(join(target, 'image.txt'))).toBe(true);
  } else expect(readFileSync(target, 'utf8')).toContain(`'${title.replace(/: %s$/, '')}`);
});
