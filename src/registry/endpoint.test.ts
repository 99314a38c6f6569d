import { expect, test } from 'vitest';
import { parseReference } from '../oci/index.ts';
import { isLoopback, originEndpoint, parseMirrorOption, parseMirrorOptions } from './endpoint.ts';

test.for([
  { text: 'docker.io=http://127.0.0.1:5000', want: [{ host: '127.0.0.1:5000', scheme: 'http', prefix: '' }] },
  { text: 'docker.io=mirror.example', want: [{ host: 'mirror.example', prefix: '' }] },
  { text: 'index.docker.io=https://m.example/cache/hub/', want: [{ host: 'm.example', scheme: 'https', prefix: 'cache/hub' }] },
  { text: 'docker.io=https://m.example/v2/hub', want: [{ host: 'm.example', scheme: 'https', prefix: 'hub' }] },
  {
    text: 'docker.io=a.example, b.example/x',
    want: [
      { host: 'a.example', prefix: '' },
      { host: 'b.example', prefix: 'x' },
    ],
  },
])('REG-16 parseMirrorOption() reads $text', ({ text, want }) => {
  expect(parseMirrorOption(text)).toEqual({ origin: 'docker.io', mirrors: want });
});

test.for([
  'docker.io',
  '=a',
  'docker.io=',
  'docker.io=http://',
  'docker.io=ftp://a',
  'docker.io=https://a/b c',
  'docker.io=https://joe:geheim@a',
])('parseMirrorOption() refuses %s and repeats no password', (text) => {
  expect(() => parseMirrorOption(text)).toThrow(expect.objectContaining({ code: 'REG_BAD_MIRROR' }));
  expect(() => parseMirrorOption(text)).not.toThrow(/geheim/);
});

test('parseMirrorOptions() keeps the order of several mirrors of one registry', () => {
  const map = parseMirrorOptions(['docker.io=a.example', 'ghcr.io=c.example', 'docker.io=b.example']);
  expect(map.get('docker.io')?.map(({ host }) => host)).toEqual(['a.example', 'b.example']);
  expect(map.get('ghcr.io')?.map(({ host }) => host)).toEqual(['c.example']);
});

test('REG-19 originEndpoint() asks registry-1.docker.io for library/alpine', () => {
  expect(originEndpoint(parseReference('alpine'))).toMatchObject({
    host: 'docker.io',
    apiHost: 'registry-1.docker.io',
    repository: 'library/alpine',
  });
  expect(originEndpoint(parseReference('ghcr.io/a/b'))).toMatchObject({ host: 'ghcr.io', apiHost: 'ghcr.io', repository: 'a/b' });
});

test.for([
  ['localhost', true],
  ['localhost:5000', true],
  ['127.0.0.1:5000', true],
  ['127.9.9.9', true],
  ['[::1]:5000', true],
  ['localhost.example', false],
  ['127.0.0.1.example', false],
  ['10.0.0.1', false],
] as const)('REG-15 isLoopback(%s) is %s', ([host, want]) => {
  expect(isLoopback(host)).toBe(want);
});
