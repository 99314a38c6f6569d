import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { check, outline, targets } from '../../build/index.ts';
import { runCli } from '../dispatch.ts';
import { createFakeWorld } from '../fake-world.ts';

const folder = join(import.meta.dirname, '../../../testdata/calls');
const recorded = (name: string): string => readFileSync(join(folder, name), 'utf8');
const root = mkdtempSync(join(tmpdir(), 'slipway-call-'));
afterAll(() => rmSync(root, { recursive: true }));

async function answer(method: string, format: string, target: string) {
  const world = createFakeWorld({ library: { check, outline, targets }, stdin: recorded('Dockerfile') });
  const choice = target === '' ? [] : [`--target=${target}`];
  const code = await runCli(
    ['build', '--root', root, `--call=${method}${format === 'json' ? ',format=json' : ''}`, ...choice, '-'],
    world,
  );
  return { code, out: world.stdout(), err: world.stderr() };
}

test.for([
  ['outline', 'txt', ''],
  ['outline', 'json', ''],
  ['outline', 'txt', 'release'],
  ['outline', 'json', 'release'],
  ['targets', 'txt', ''],
  ['targets', 'json', ''],
] as const)('CLI-15 slipway build --call=%s as %s answers what BuildKit does, target %j', async ([method, format, target]) => {
  const { out, ...rest } = await answer(method, format, target);
  const name = `${method}${target === '' ? '' : `-${target}`}.${format}`;
  expect(rest).toEqual({ code: 0, err: '' });
  if (format === 'txt') expect(out).toBe(recorded(name));
  else expect(JSON.parse(out)).toEqual(JSON.parse(recorded(name)));
});

test.for([[''], ['release']])(
  'CLI-14 slipway build --call=check says what BuildKit says, and ends as it does, target %j',
  async ([target = '']) => {
    const name = `check${target === '' ? '' : `-${target}`}`;
    expect(await answer('check', 'txt', target)).toEqual({ code: 1, err: '', out: recorded(`${name}.txt`) });
    const { out, ...rest } = await answer('check', 'json', target);
    expect(rest).toEqual({ code: 1, err: '' });
    const { sources, ...found } = JSON.parse(out) as { readonly sources: readonly object[] };
    expect(found).toEqual(JSON.parse(recorded(`${name}.json`)));
    expect(sources).toMatchObject([{ filename: 'Dockerfile', data: Buffer.from(recorded('Dockerfile')).toString('base64') }]);
  },
);
