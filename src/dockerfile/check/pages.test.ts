import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../parse.ts';
import { checkDockerfile } from './check.ts';
import { rules } from './rules.ts';

const root = fileURLToPath(new URL('../../../docs/rules/', import.meta.url));
const names = rules.map(({ name }) => name);

test('every rule has a page, every page a rule, and the list has them all', () => {
  const pages = readdirSync(root).filter((name) => name !== 'README.md');
  expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
  const listed = readFileSync(`${root}README.md`, 'utf8').match(/(?<=^\| \[)\w+/gm) ?? [];
  expect(listed.toSorted()).toEqual(names.toSorted());
});

test.for(names)('the bad example of %s breaks it, the good one breaks no rule', (name) => {
  const page = readFileSync(`${root}${name}.md`, 'utf8');
  const [bad, good, ...more] = Array.from(page.matchAll(/^```dockerfile\n([^`]*)^```/gm), ([, text = '']) => text);
  const ignoreFile = /^```text\n([^`]*)^```/m.exec(page)?.[1];
  const broken = (text: string | undefined): readonly string[] => {
    const parsed = parseDockerfile(text ?? '');
    expect(parsed.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const settings = { skip: new Set<string>(), experimental: 'all', isError: false } as const;
    const baseImage = (image: string) => ({ env: [], platform: image === 'arm64only' ? 'linux/arm64' : 'linux/amd64' });
    return checkDockerfile(parsed, { own: true, settings, ignoreFile, baseImage }).findings.map(({ rule }) => rule);
  };
  expect(more).toEqual([]);
  expect(broken(bad)).toContain(name);
  expect(broken(good)).toEqual([]);
});
