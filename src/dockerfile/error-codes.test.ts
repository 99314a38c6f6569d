import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const catalogue = fileURLToPath(new URL('../../docs/errors/dockerfile.md', import.meta.url));

test('docs/errors/dockerfile.md lists the codes of this folder, and no others', () => {
  const sources = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  expect(sources.length).toBeGreaterThan(15);
  const used = sources.flatMap((name) => readFileSync(here + name, 'utf8').match(/(?<=')DF_[A-Z_]+(?=')/g) ?? []);
  const listed = readFileSync(catalogue, 'utf8').match(/(?<=^\| `)DF_[A-Z_]+/gm) ?? [];
  expect(listed).toEqual([...new Set(used)].sort());
});
