import { expect, test } from 'vitest';
import { proxyFor } from './proxies.ts';

const env = { HTTP_PROXY: 'http://plain.test:3128', https_proxy: 'secure.test:8080' };

test('proxyFor() takes HTTP_PROXY for http and HTTPS_PROXY for https, and neither for the other', () => {
  expect(proxyFor(new URL('http://a.test/x'), env)).toBe('http://plain.test:3128');
  expect(proxyFor(new URL('https://a.test/x'), env)).toBe('http://secure.test:8080');
  expect(proxyFor(new URL('https://a.test/x'), { HTTP_PROXY: 'http://plain.test:3128' })).toBeUndefined();
  expect(proxyFor(new URL('http://a.test/x'), { HTTPS_PROXY: 'http://plain.test:3128' })).toBeUndefined();
});

test('proxyFor() names a variable that is no address, without its password', () => {
  expect(() => proxyFor(new URL('http://a.test/'), { HTTP_PROXY: 'http://joe:geheim@:x' })).toThrow(
    expect.objectContaining({ code: 'REG_BAD_PROXY', message: '`HTTP_PROXY` is not a proxy address' }),
  );
});

test.for<[noProxy: string, url: string, isDirect: boolean]>([
  ['', 'http://a.test/', false],
  ['*', 'http://a.test/', true],
  ['b.test, *', 'http://a.test/', true],
  ['a.test', 'http://a.test/', true],
  ['A.Test', 'http://a.test./', true],
  ['a.test', 'http://x.a.test/', true],
  ['a.test', 'http://xa.test/', false],
  ['.a.test', 'http://x.a.test/', true],
  ['.a.test', 'http://a.test/', false],
  ['*.a.test', 'http://x.a.test/', true],
  ['a.test:80', 'http://a.test/', true],
  ['a.test:443', 'https://a.test/', true],
  ['a.test:8080', 'http://a.test/', false],
  ['10.1.2.3', 'http://10.1.2.3:5000/', true],
  ['10.1.2.3:5000', 'http://10.1.2.3:5000/', true],
  ['10.1.2.3:5000', 'http://10.1.2.3/', false],
  ['10.0.0.0/8', 'http://10.1.2.3/', true],
  ['10.0.0.0/8', 'http://11.1.2.3/', false],
  ['10.0.0.0/8', 'http://10.a.test/', false],
  ['10.0.0.0/33', 'http://10.1.2.3/', false],
  ['fd00::/8', 'http://[fd12::1]/', true],
  ['fd00::/8', 'http://[fe80::1]/', false],
  ['fd00::/8', 'http://10.1.2.3/', false],
  ['fd00::1', 'http://[fd00:0::1]/', true],
  ['[fd00::1]:80', 'http://[fd00::1]/', true],
  ['[fd00::1]:81', 'http://[fd00::1]/', false],
])('NO_PROXY %j says of %s that it is asked directly: %s', ([noProxy, url, isDirect]) => {
  const found = proxyFor(new URL(url), { ...env, NO_PROXY: noProxy });
  expect(found === undefined).toBe(isDirect);
});
