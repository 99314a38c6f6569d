import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, type FakeOptions } from '../fake-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-fmt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'Dockerfile');

async function fmt(argv: readonly string[], options: FakeOptions = {}) {
  const world = createFakeWorld({ cwd: folder, ...options });
  const code = await runCli(['fmt', ...argv], world);
  return { code, out: world.stdout(), err: world.stderr() };
}

test('slipway fmt prints the result and leaves the file alone', async () => {
  writeFileSync(path, 'from a\n');
  expect(await fmt([])).toEqual({ code: 0, out: 'FROM a\n', err: '' });
  expect(readFileSync(path, 'utf8')).toBe('from a\n');
});

test('slipway fmt --check shows what would change and ends with 1, until it is written', async () => {
  writeFileSync(path, 'from a\n');
  expect(await fmt(['--check'])).toEqual({
    code: 1,
    out: '--- Dockerfile\n+++ Dockerfile\n@@ -1,2 +1,2 @@\n-from a\n+FROM a\n \n',
    err: '',
  });
  expect(await fmt(['-w', '.'])).toEqual({ code: 0, out: '', err: '' });
  expect(readFileSync(path, 'utf8')).toBe('FROM a\n');
  expect(await fmt(['--check'])).toEqual({ code: 0, out: '', err: '' });
});

test('slipway fmt tells mistakes, prints nothing, and ends with 2', async () => {
  const { code, out, err } = await fmt(['-'], { stdin: 'from a\nrum x\n' });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('unknown instruction: rum (did you mean run?)');
  expect(await fmt(['-w', '-'], { stdin: 'from a\n' })).toMatchObject({ code: 2 });
});
