import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type HelperResult, runCredentialHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';
import { loadDockerCredentials } from './docker-config.ts';

interface Setup {
  readonly file?: unknown;
  readonly env?: Record<string, string>;
  readonly helpers?: Record<string, HelperResult | Error>;
}

function source(setup: Setup): {
  ask: (host: string, repository?: string) => Promise<Credentials | undefined>;
  calls: string[];
  reads: string[];
} {
  const calls: string[] = [];
  const reads: string[] = [];
  const credentials = loadDockerCredentials({
    env: setup.env ?? {},
    home: '/home/me',
    readFile: async (path) => {
      reads.push(path);
      if (setup.file === undefined) throw Object.assign(new Error('absent'), { code: 'ENOENT' });
      return typeof setup.file === 'string' ? setup.file : JSON.stringify(setup.file);
    },
    runHelper: async (program, input) => {
      calls.push(`${program} < ${input}`);
      const result = setup.helpers?.[program] ?? Object.assign(new Error('spawn'), { code: 'ENOENT' });
      if (result instanceof Error) throw result;
      return result;
    },
  });
  return { ask: (host, repository = 'team/app') => credentials(host, repository), calls, reads };
}

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });
const said = (value: unknown): HelperResult => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });
const basic = (username: string, password: string): Credentials => ({ kind: 'basic', username, password });

test.for([
  { name: 'auth', entry: auth('joe:a:b\0\0'), want: basic('joe', 'a:b') },
  { name: 'username and password', entry: { username: 'joe', password: 'pw' }, want: basic('joe', 'pw') },
  { name: 'identitytoken', entry: { ...auth('x:'), identitytoken: 'idt' }, want: { kind: 'identity-token', token: 'idt' } },
  { name: 'registrytoken', entry: { registrytoken: 'rt' }, want: { kind: 'registry-token', token: 'rt' } },
  { name: 'an empty entry', entry: {}, want: undefined },
])('REG-01 REG-02 loadDockerCredentials() reads $name', async ({ entry, want }) => {
  expect(await source({ file: { auths: { 'r.example': entry } } }).ask('r.example')).toEqual(want);
});

test.for(['r.example', 'https://r.example', 'https://r.example/v1/', 'http://r.example/v2/', 'r.example/'])(
  'loadDockerCredentials() finds r.example written as %s',
  async (key) => {
    expect(await source({ file: { auths: { [key]: auth('a:b') } } }).ask('r.example')).toEqual(basic('a', 'b'));
  },
);

test('loadDockerCredentials() finds docker.io under its old address', async () => {
  expect(await source({ file: { auths: { 'https://index.docker.io/v1/': auth('a:b') } } }).ask('docker.io')).toEqual(
    basic('a', 'b'),
  );
});

test('loadDockerCredentials() takes the entry with the longest path that fits', async () => {
  const { ask } = source({
    file: { auths: { 'r.example': auth('all:1'), 'r.example/team': auth('team:2'), 'r.example/te': auth('no:3') } },
  });
  expect(await ask('r.example', 'team/app')).toEqual(basic('team', '2'));
  expect(await ask('r.example', 'other/app')).toEqual(basic('all', '1'));
});

test('REG-03 credHelpers come before credsStore, and that before auths', async () => {
  const { ask, calls } = source({
    file: {
      auths: { 'a.example': auth('x:y'), 'c.example': auth('from:auths') },
      credHelpers: { 'a.example': 'one' },
      credsStore: 'two',
    },
    helpers: {
      'docker-credential-one': said({ Username: 'u1', Secret: 's1' }),
      'docker-credential-two': { code: 1, stdout: 'credentials not found in native keychain\n', stderr: '' },
    },
  });
  expect(await ask('a.example')).toEqual(basic('u1', 's1'));
  expect(await ask('c.example')).toEqual(basic('from', 'auths'));
  expect(await ask('d.example')).toBeUndefined();
  expect(calls).toEqual([
    'docker-credential-one < a.example',
    'docker-credential-two < c.example',
    'docker-credential-two < d.example',
  ]);
});

test('REG-03 a helper is asked for Docker Hub by its old address and may give an identity token', async () => {
  const { ask, calls } = source({
    file: { credsStore: 's' },
    helpers: { 'docker-credential-s': said({ Username: '<token>', Secret: 'idt' }) },
  });
  expect(await ask('docker.io')).toEqual({ kind: 'identity-token', token: 'idt' });
  expect(calls).toEqual(['docker-credential-s < https://index.docker.io/v1/']);
});

test.for([
  { name: 'missing', result: undefined, why: /docker-credential-s` failed: it is not installed/ },
  { name: 'failing', result: { code: 1, stdout: 'no session\u001b[0m', stderr: '' }, why: /failed: no session/ },
  { name: 'talking nonsense', result: { code: 0, stdout: 'geheim', stderr: '' }, why: /^(?!.*geheim).*protocol/ },
])('REG-03 a helper that is $name gives no credentials but a reason', async ({ result, why }) => {
  const { ask } = source({
    file: { credsStore: 's' },
    ...(result === undefined ? {} : { helpers: { 'docker-credential-s': result } }),
  });
  expect(await ask('r.example')).toEqual({ kind: 'none', why: expect.stringMatching(why) });
});

test('REG-03 a helper whose name is a path is never run', async () => {
  const { ask, calls } = source({ file: { credsStore: '../../tmp/x' } });
  expect(await ask('r.example')).toMatchObject({ kind: 'none' });
  expect(calls).toEqual([]);
});

test('DOCKER_AUTH_CONFIG is asked first, DOCKER_CONFIG names the directory', async () => {
  const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'a.example': auth('env:1') } }), DOCKER_CONFIG: '/cfg' };
  const { ask, reads } = source({ env, file: { auths: { 'a.example': auth('file:2'), 'b.example': auth('file:3') } } });
  expect(await ask('a.example')).toEqual(basic('env', '1'));
  expect(await ask('b.example')).toEqual(basic('file', '3'));
  expect(reads).toEqual(['/cfg/config.json']);
});

test('loadDockerCredentials() reads nothing before it is asked, and an absent file is no error', async () => {
  const { ask, reads } = source({});
  expect(reads).toEqual([]);
  expect(await ask('r.example')).toBeUndefined();
  expect(reads).toEqual(['/home/me/.docker/config.json']);
});

test.for([
  { name: 'broken JSON', file: '{"auths":\n{"r.example": {"auth": "Z2VoZWlt" x' },
  { name: 'an array', file: '[]' },
  { name: 'auths that is a text', file: '{"auths":"Z2VoZWlt"}' },
  { name: 'auth without a colon', file: '{"auths":{"r.example":{"auth":"Z2VoZWlt"}}}' },
])('loadDockerCredentials() refuses $name, names the file and repeats no secret', async ({ file }) => {
  const failure: unknown = await source({ file })
    .ask('r.example')
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'REG_BAD_DOCKER_CONFIG',
    message: expect.stringContaining('/home/me/.docker/config.json'),
  });
  expect(String((failure as Error).stack) + String((failure as Error).cause)).not.toMatch(/Z2VoZWlt|geheim/);
});

test('REG-03 runCredentialHelper() runs `get` with the address on standard input', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-helper-'));
  try {
    const program = join(directory, 'docker-credential-x');
    await writeFile(program, '#!/bin/sh\nread url\necho "$1 $url"\necho oops >&2\nexit 3\n', { mode: 0o755 });
    expect(await runCredentialHelper(program, 'r.example\n')).toEqual({ code: 3, stdout: 'get r.example\n', stderr: 'oops\n' });
    await expect(runCredentialHelper(`${program}-absent`, '')).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
