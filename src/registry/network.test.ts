import { expect, test } from 'vitest';
import { imageAt, testClient } from './client-fixture.ts';
import { startProxy } from './proxy-fixture.ts';
import { emptyShelf, serve, shelveImage, startScripted } from './scripted-registry.ts';
import { loadUndici } from './undici.ts';

const { signal } = new AbortController();
const shelf = emptyShelf();
const image = shelveImage(shelf, { tags: ['1'] });

test('loadUndici() finds the parts that the whole package exports', async () => {
  await using proxy = await startProxy('127.0.0.1:1');
  const [parts, whole] = await Promise.all([loadUndici(), import('undici')]);
  expect(parts.Agent).toBe(whole.Agent);
  const opened = await parts.openProxy({ uri: proxy.url });
  expect(opened).toBeInstanceOf(whole.ProxyAgent);
  await opened.close();
});

// 0.0.0.0 reaches this machine but is no loopback name, so it stands for a host out there.
test('REG-15 a host that is no loopback is never asked over plain HTTP', async () => {
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  const host = server.host.replace('127.0.0.1', '0.0.0.0');
  await expect(client.resolve(imageAt(host), { signal })).rejects.toMatchObject({
    code: 'REG_TLS',
    hint: expect.stringContaining('insecure'),
  });
  expect(server.seen).toEqual([]);
});

test('REG-15 an insecure host without TLS is asked over plain HTTP, from then on at once', async () => {
  await using server = await startScripted(serve(shelf));
  const host = server.host.replace('127.0.0.1', '0.0.0.0');
  await using client = testClient({ insecureHosts: [host] });
  expect(await client.resolve(imageAt(host), { signal })).toEqual(image.manifest);
  expect(await client.resolve(imageAt(host), { signal })).toEqual(image.manifest);
  expect(server.seen).toHaveLength(2);
});

test('REG-15 a mirror written with http:// is asked over plain HTTP', async () => {
  await using server = await startScripted(serve(shelf));
  const mirror = { host: server.host.replace('127.0.0.1', '0.0.0.0'), scheme: 'http', prefix: '' } as const;
  await using client = testClient({ mirrors: new Map([['hub.invalid', [mirror]]]) });
  expect(await client.resolve(imageAt('hub.invalid'), { signal })).toEqual(image.manifest);
});

test('HTTPS_PROXY is used for other hosts, never for loopback', async () => {
  await using server = await startScripted(serve(shelf));
  await using proxy = await startProxy(server.host);
  const env = { HTTPS_PROXY: proxy.url, http_proxy: proxy.url };
  await using client = testClient({ env, insecureHosts: ['hub.invalid:81'] });
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  expect(proxy.asked).toEqual([]);
  expect(await client.resolve(imageAt('hub.invalid:81'), { signal })).toEqual(image.manifest);
  expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT hub.invalid:81', 'HEAD http://hub.invalid:81/v2/team/app/manifests/1']));
});

test('NO_PROXY names hosts that are asked directly', async () => {
  await using server = await startScripted(serve(shelf));
  await using proxy = await startProxy(server.host);
  const host = server.host.replace('127.0.0.1', '0.0.0.0');
  await using client = testClient({ env: { HTTP_PROXY: proxy.url, NO_PROXY: '0.0.0.0' }, insecureHosts: [host] });
  expect(await client.resolve(imageAt(host), { signal })).toEqual(image.manifest);
  expect(proxy.asked).toEqual([]);
});

test('a proxy variable that is no address is named, without its password', async () => {
  await using client = testClient({ env: { HTTPS_PROXY: 'http://joe:geheim@:x' } });
  const failure: unknown = await client.resolve(imageAt('hub.invalid'), { signal }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'REG_BAD_PROXY', message: expect.stringContaining('HTTPS_PROXY') });
  expect(String(failure)).not.toContain('geheim');
});

test('SLIPWAY_EXTRA_CA_CERTS must name a readable file, once TLS is used', async () => {
  await using server = await startScripted(serve(shelf));
  await using client = testClient({ env: { SLIPWAY_EXTRA_CA_CERTS: '/does/not/exist.pem' } });
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  await expect(client.resolve(imageAt('0.0.0.0:1'), { signal })).rejects.toMatchObject({
    code: 'REG_BAD_CA',
    message: expect.stringContaining('/does/not/exist.pem'),
  });
});

test('a token service that takes plain HTTP gets nothing from a registry asked over HTTPS', async () => {
  const { Authorizer } = await import('./authorizer.ts');
  const { Transport } = await import('./transport.ts');
  const { defaultTuning } = await import('./tuning.ts');
  await using transport = new Transport({ env: {}, insecureHosts: [], userAgent: 't', tuning: defaultTuning });
  const authorizer = new Authorizer(
    transport,
    () => Promise.resolve({ kind: 'basic', username: 'joe', password: 'geheim' }),
    () => 0,
  );
  const demand = {
    kind: 'bearer',
    realm: new URL('http://evil.invalid/token'),
    service: undefined,
    scopes: [],
    error: undefined,
  } as const;
  const endpoint = { kind: 'origin', host: 'r.invalid', apiHost: 'r.invalid', repository: 'a' } as const;
  await expect(authorizer.answer(endpoint, new URL('https://r.invalid/v2/'), demand, [], signal)).rejects.toMatchObject({
    code: 'REG_AUTH_FAILED',
  });
});
