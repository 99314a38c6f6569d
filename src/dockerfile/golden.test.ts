import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDockerfile } from './parse.ts';
import { print, printDiagnostics } from './print.ts';

const root = fileURLToPath(new URL('../../testdata/parser/', import.meta.url));
const cases = readdirSync(root).filter((name) => existsSync(`${root}${name}/Dockerfile`));

test('the parser corpus is where we think it is', () => {
  expect(cases.length).toBeGreaterThan(40);
});

test.for(cases)('parseDockerfile() reads %s as recorded', async (name) => {
  const { file, diagnostics } = parseDockerfile(readFileSync(`${root}${name}/Dockerfile`), 'Dockerfile');
  await expect(print(file)).toMatchFileSnapshot(`${root}${name}/ast.txt`);
  await expect(printDiagnostics(diagnostics)).toMatchFileSnapshot(`${root}${name}/diagnostics.txt`);
});
