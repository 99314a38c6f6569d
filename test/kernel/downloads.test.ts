import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDownloader } from '../../src/registry/download.ts';
import { startProxy } from '../../src/registry/proxy-fixture.ts';
import { answer, startScripted } from '../../src/registry/scripted-registry.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-downloads-'));
  const newKey = 'req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=tests'.split(' ');
  const names = 'subjectAltName=IP:127.0.0.1,DNS:files.invalid';
  execFileSync('openssl', [...newKey, '-keyout', at('key.pem'), '-out', at('cert.pem'), '-addext', names], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Web extends AsyncDisposable {
  readonly host: string;
}

/** A server whose certificate nobody knows. */
async function startTls(): Promise<Web> {
  const tls = { key: readFileSync(at('key.pem')), cert: readFileSync(at('cert.pem')) };
  const server = createServer(tls, (_request, response) => answer(response, 200, {}, 'over TLS'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a download gives in these surroundings. */
async function download(
  url: string,
  {
    env = {},
    certificateDirectories,
  }: { readonly env?: Record<string, string>; readonly certificateDirectories?: string[] } = {},
): Promise<string> {
  await using client = createDownloader({
    env,
    certificateDirectories,
    insecureHosts: [],
    userAgent: 'test',
    tuning: { sleep: () => Promise.resolve() },
  });
  return await client.get(new URL(url), {
    headers: {},
    signal: new AbortController().signal,
    async consume({ body }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
  });
}

test('a download over TLS from an unknown authority is refused, and says how the authority is made known', async () => {
  await using web = await startTls();
  await expect(download(`https://${web.host}/x`)).rejects.toMatchObject({
    code: 'REG_TLS',
    message: expect.stringMatching(/^cannot download `https:.*\/x`: its certificate is not trusted \(self-signed certificate\)$/),
    hint: expect.stringContaining('SLIPWAY_EXTRA_CA_CERTS'),
  });
});

test.for(['SLIPWAY_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'])('%s holds for downloads', async (name) => {
  await using web = await startTls();
  expect(await download(`https://${web.host}/x`, { env: { [name]: at('cert.pem') } })).toBe('over TLS');
});

test('an authority in certs.d/HOST holds for downloads from that host', async () => {
  await using web = await startTls();
  const directory = at('certs.d');
  mkdirSync(join(directory, web.host), { recursive: true });
  copyFileSync(at('cert.pem'), join(directory, web.host, 'ca.crt'));
  expect(await download(`https://${web.host}/x`, { certificateDirectories: [directory] })).toBe('over TLS');
});

test('a download over TLS goes through the tunnel of HTTPS_PROXY, and the certificate is that of the host', async () => {
  await using web = await startTls();
  await using proxy = await startProxy(web.host);
  const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: at('cert.pem') };
  expect(await download('https://files.invalid/x', { env })).toBe('over TLS');
  expect(proxy.asked).toEqual(['CONNECT files.invalid:443']);
  await expect(download('https://other.invalid/x', { env })).rejects.toMatchObject({ code: 'REG_TLS' });
});

test('a download over plain HTTP is asked of HTTP_PROXY, without a tunnel; NO_PROXY keeps it away from there', async () => {
  await using web = await startScripted(({ headers }, response) => answer(response, 200, {}, `for ${headers.host}`));
  await using proxy = await startProxy(web.host);
  const env = { http_proxy: proxy.url };
  expect(await download('http://files.invalid/x?y=1', { env })).toBe('for files.invalid');
  expect(proxy.asked).toEqual(['GET http://files.invalid/x?y=1']);
  const port = web.host.split(':')[1];
  expect(await download(`http://0.0.0.0:${port}/x`, { env: { ...env, NO_PROXY: 'a.test,0.0.0.0/8' } })).toBe(
    `for 0.0.0.0:${port}`,
  );
  expect(proxy.asked).toHaveLength(1);
});

test.for(['http', 'https'])('a proxy that wants another password is named as the reason, over %s', async (scheme) => {
  await using web = await startTls();
  await using proxy = await startProxy(web.host);
  const url = proxy.url.replace('geheim', 'falsch');
  const failure: unknown = await download(`${scheme}://files.invalid/x`, { env: { HTTP_PROXY: url, HTTPS_PROXY: url } }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ message: expect.stringMatching(/407/) });
  expect(String(failure)).not.toContain('falsch');
});
