import { expect, test } from 'vitest';
import { createDownloader, type Downloader } from './download.ts';
import { answer, startScripted } from './scripted-registry.ts';

const { signal } = new AbortController();

/** Waits no real time between tries. */
function downloader(): Downloader {
  return createDownloader({ env: {}, insecureHosts: [], userAgent: 'test', tuning: { sleep: () => Promise.resolve() } });
}

async function text(client: Downloader, url: string): Promise<string> {
  return await client.get(new URL(url), {
    headers: {},
    signal,
    async consume({ body }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
  });
}

test('Downloader.get() asks again after 503 and after a connection that broke in the middle', async () => {
  await using web = await startScripted((_, response, nth) => {
    if (nth === 0) return answer(response, 503);
    if (nth > 1) return answer(response, 200, {}, 'whole');
    response.writeHead(200, { 'content-length': '5' });
    response.write('who');
    setImmediate(() => response.destroy());
  });
  await using client = downloader();
  expect(await text(client, `http://${web.host}/`)).toBe('whole');
  expect(web.seen.length).toBe(3);
});

test('Downloader.get() gives up after some tries, and at once where trying again is pointless', async () => {
  await using web = await startScripted(({ path }, response) => answer(response, path === '/busy' ? 500 : 403));
  await using client = downloader();
  await expect(text(client, `http://u:p@${web.host}/busy?token=t`)).rejects.toMatchObject({
    code: 'REG_STATUS',
    status: 500,
    message: `cannot download \`http://${web.host}/busy\`: invalid response status 500`,
  });
  expect(web.seen.length).toBe(3);
  await expect(text(client, `http://${web.host}/mine`)).rejects.toMatchObject({ status: 403 });
  expect(web.seen.length).toBe(4);
});

test.for([
  ['/loop', 'stopped after 10 redirects'],
  ['/nowhere', 'a redirect (301) without a usable Location'],
  ['/file', 'which is no web address'],
] as const)('Downloader.get() refuses the redirect of %s', async ([path, message]) => {
  await using web = await startScripted((request, response) => {
    const location = { '/loop': '/loop', '/file': 'file:///etc/passwd', '/nowhere': '' }[request.path] ?? '';
    answer(response, 301, location === '' ? {} : { location });
  });
  await using client = downloader();
  await expect(text(client, `http://${web.host}${path}`)).rejects.toMatchObject({
    code: 'REG_BAD_REDIRECT',
    message: expect.stringContaining(message),
  });
});

test('Downloader.get() tells an unreachable host', async () => {
  await using client = downloader();
  await expect(text(client, 'http://127.0.0.1:1/x')).rejects.toMatchObject({
    code: 'REG_UNREACHABLE',
    message: 'cannot download `http://127.0.0.1:1/x`: connection refused',
  });
});
