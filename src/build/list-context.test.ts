import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ContextVerdict, explainContext, listContext } from './list-context.ts';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const engine = { root: join(scratch, 'store') };

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(scratch, 'context-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

const files = {
  Dockerfile: '',
  'src/a': 'aa',
  'src/b': 'b',
  'out/x': 'x',
  'out/keep': 'keep',
  '.dockerignore': '# no\nout\n!out/keep\n',
};

test('listContext() shows what COPY can take, with sizes, after the ignore file', async () => {
  const context = folder(files);
  symlinkSync('src', join(context, 'link'));
  const found = await listContext({ context, engine });
  expect(found.files.map(({ path, type, sizeBytes }) => `${type} ${path} ${sizeBytes}`)).toEqual([
    'file .dockerignore 19',
    'file Dockerfile 0',
    'symlink link 0',
    'dir out 0',
    'file out/keep 4',
    'dir src 0',
    'file src/a 2',
    'file src/b 1',
  ]);
  expect(found).toMatchObject({ directory: context, ignoreFile: join(context, '.dockerignore'), sizeBytes: 26 });
});

test('listContext() goes by the ignore file of the Dockerfile, where it has one', async () => {
  const context = folder({ ...files, 'prod.dockerignore': '*\n!src/a\n' });
  const found = await listContext({ context, file: join(context, 'prod'), engine });
  expect(found.files.map(({ path }) => path)).toEqual(['src', 'src/a']);
  expect(found.ignoreFile).toBe(join(context, 'prod.dockerignore'));
  expect('ignoreFile' in (await listContext({ context: folder({ a: '' }), engine }))).toBe(false);
});

test.for<[path: string, expected: Partial<ContextVerdict>]>([
  ['out/x', { isIncluded: false, decidedBy: { pattern: 'out', line: 2 } }],
  ['out/keep', { isIncluded: true, decidedBy: { pattern: '!out/keep', line: 3 } }],
  ['./src/a', { path: 'src/a', isIncluded: true }],
  ['.', { path: '', isIncluded: true }],
])('explainContext() says of %s which line decided', async ([path, expected]) => {
  const found = await explainContext({ context: folder(files), path });
  expect(found).toMatchObject(expected);
  expect('decidedBy' in found).toBe('decidedBy' in expected);
});

test.for([
  ['none', 'the context has no `none`, ignored or not'],
  ['../x', 'is not below the context'],
] as const)('explainContext() refuses %s', async ([path, message]) => {
  const context = folder(files);
  await expect(async () => explainContext({ context, path })).rejects.toMatchObject({
    code: 'BUILD_BAD_CONTEXT',
    message: expect.stringContaining(message),
  });
});
