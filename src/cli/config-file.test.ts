import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configPath, parseConfig, readConfig } from './config-file.ts';
import { engineOptions, globalFlags } from './engine-options.ts';
import { parseArguments } from './flags/parse-arguments.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-config-'));
const file = join(folder, 'config.json');
afterAll(() => rmSync(folder, { recursive: true }));

describe('parseConfig()', () => {
  test.for<[string, string, string | undefined]>([
    ['{"registryMirror":[]}', '`registryMirror` is not a setting', 'did you mean `registryMirrors`?'],
    [
      '{"zzzzzzzzzz":1}',
      '`zzzzzzzzzz` is not a setting',
      'the settings are registryMirrors, insecureRegistries, root, runtime, cacheLimit, check',
    ],
    [
      '{"toString":1}',
      '`toString` is not a setting',
      'the settings are registryMirrors, insecureRegistries, root, runtime, cacheLimit, check',
    ],
    ['{"root":1}', '`root` must be a path', undefined],
    ['{"insecureRegistries":"x"}', '`insecureRegistries` must be a list of hosts such as "registry.test:5000"', undefined],
    ['[]', 'the configuration must be a JSON object', undefined],
  ])('refuses %s', ([text, message, hint]) => {
    expect(() => parseConfig(text, 'c.json')).toThrow(
      expect.objectContaining({ code: 'CLI_BAD_CONFIG', message: `c.json: ${message}`, hint }),
    );
  });

  test('refuses what is not JSON, and says so', () => {
    expect(() => parseConfig('{', 'c.json')).toThrow(/^c\.json: not JSON: /);
  });
});

test('configPath() looks at SLIPWAY_CONFIG, then XDG_CONFIG_HOME, then HOME', () => {
  const env = { SLIPWAY_CONFIG: '/a.json', XDG_CONFIG_HOME: '/x', HOME: '/h' };
  expect(configPath(env)).toBe('/a.json');
  expect(configPath({ ...env, SLIPWAY_CONFIG: '' })).toBe('/x/slipway/config.json');
  expect(configPath({ HOME: '/h' })).toBe('/h/.config/slipway/config.json');
  expect(configPath({})).toBeUndefined();
});

test('readConfig() takes a missing file for an empty one, unless it was named', () => {
  expect(readConfig({ HOME: folder })).toEqual({});
  expect(() => readConfig({ SLIPWAY_CONFIG: join(folder, 'no.json') })).toThrow(
    expect.objectContaining({ code: 'CLI_BAD_CONFIG' }),
  );
});

test('engineOptions() prefers the flag, then the variable, then the file', () => {
  writeFileSync(
    file,
    JSON.stringify({ root: '/file', runtime: 'crun', registryMirrors: ['file=http://f'], insecureRegistries: ['f'] }),
  );
  const options = (argv: readonly string[], env: Record<string, string>): unknown =>
    engineOptions(parseArguments(argv, globalFlags, { command: 'slipway' }).flags, { SLIPWAY_CONFIG: file, ...env });
  expect(options([], {})).toEqual({
    root: '/file',
    runtime: 'crun',
    registryMirrors: ['file=http://f'],
    insecureRegistries: ['f'],
  });
  const env = { SLIPWAY_ROOT: '/env', SLIPWAY_REGISTRY_MIRRORS: 'a=http://a, b=http://b,' };
  expect(options([], env)).toMatchObject({ root: '/env', registryMirrors: ['a=http://a', 'b=http://b'] });
  const argv = [
    '--root',
    '/flag',
    '--runtime=runc',
    '--registry-mirror',
    'x=http://x',
    '--registry-mirror',
    'y=http://y',
    '--insecure-registry',
    'i',
  ];
  expect(options(argv, env)).toEqual({
    root: '/flag',
    runtime: 'runc',
    registryMirrors: ['x=http://x', 'y=http://y'],
    insecureRegistries: ['i'],
  });
});
