import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'slipway launcher '));
const launcher = join(folder, 'package/bin/slipway');
const probe = `process.stdout.write(JSON.stringify({
  argv: process.argv.slice(2),
  node: process.env.NODE_EXTRA_CA_CERTS,
  ours: process.env.SLIPWAY_EXTRA_CA_CERTS,
}));`;

interface Seen {
  readonly argv: readonly string[];
  readonly node?: string;
  readonly ours?: string;
}

function start(
  path: string,
  argv: readonly string[],
  more: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Seen {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return JSON.parse(execFileSync(path, argv, { cwd: more.cwd ?? '/', env: { ...env, ...more.env }, encoding: 'utf8' })) as Seen;
}

beforeAll(() => {
  mkdirSync(join(folder, 'package/bin'), { recursive: true });
  mkdirSync(join(folder, 'package/dist'));
  mkdirSync(join(folder, 'elsewhere'));
  cpSync('bin/slipway', launcher);
  writeFileSync(join(folder, 'package/package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'package/dist/cli.cjs'), probe);
  symlinkSync('../package/bin/slipway', join(folder, 'elsewhere/relative'));
  symlinkSync(join(folder, 'elsewhere/relative'), join(folder, 'elsewhere/twice'));
  symlinkSync(join(folder, 'package'), join(folder, 'elsewhere/directory'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('bin/slipway', () => {
  const argv = ['build', '-t', 'a b', '', '*', '.'];

  test.for([
    ['by its path', 'package/bin/slipway'],
    ['through a relative link', 'elsewhere/relative'],
    ['through a link to a link', 'elsewhere/twice'],
    ['through a link to its package', 'elsewhere/directory/bin/slipway'],
  ])('starts %s', ([, path]) => expect(start(join(folder, path as string), argv).argv).toEqual(argv));

  test.for([
    ['./slipway', 'package/bin'],
    ['bin/slipway', 'package'],
    ['./relative', 'elsewhere'],
  ])('starts as %s', ([path, cwd]) =>
    expect(start(path as string, argv, { cwd: join(folder, cwd as string) }).argv).toEqual(argv),
  );

  test('starts from PATH', () => {
    const env = { PATH: `${join(folder, 'package/bin')}:${process.env['PATH']}` };
    expect(start('slipway', argv, { env }).argv).toEqual(argv);
  });

  test('keeps NODE_EXTRA_CA_CERTS from Node, which would parse it at every start', () => {
    const certificates = join(folder, 'none.pem');
    expect(start(launcher, [], { env: { NODE_EXTRA_CA_CERTS: certificates } })).toEqual({ argv: [], ours: certificates });
    expect(start(launcher, [], { env: { NODE_EXTRA_CA_CERTS: certificates, SLIPWAY_EXTRA_CA_CERTS: '/mine' } })).toEqual({
      argv: [],
      ours: '/mine',
    });
    expect(start(launcher, [])).toEqual({ argv: [] });
  });

  test('says what to do when it was not built, or there is no Node', () => {
    mkdirSync(join(folder, 'bare/bin'), { recursive: true });
    cpSync('bin/slipway', join(folder, 'bare/bin/slipway'));
    const bare = spawnSync(join(folder, 'bare/bin/slipway'), [], { encoding: 'utf8' });
    expect({ status: bare.status, stderr: bare.stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('run `npm ci`') as string,
    });
    const lost = spawnSync('/bin/sh', [launcher], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
    expect({ status: lost.status, stderr: lost.stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Node.js 20.19') as string,
    });
  });
});
