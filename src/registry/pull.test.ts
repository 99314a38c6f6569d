import { expect, test } from 'vitest';
import { type Descriptor, digestOf, mediaTypes, printManifest } from '../oci/index.ts';
import { collect, fakeClock, imageAt, testClient } from './client-fixture.ts';
import { parseMirrorOptions } from './endpoint.ts';
import {
  answer,
  answerError,
  emptyShelf,
  type Script,
  type Shelf,
  serve,
  shelveImage,
  shelveIndex,
  startScripted,
} from './scripted-registry.ts';

const { signal } = new AbortController();
const amd64 = { os: 'linux', architecture: 'amd64' };
const content = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
const blob: Descriptor = { mediaType: mediaTypes.ociLayer, digest: digestOf(content), size: content.byteLength };

function shelfWithImage(): { shelf: Shelf; image: ReturnType<typeof shelveImage> } {
  const shelf = emptyShelf();
  return { shelf, image: shelveImage(shelf, { tags: ['1'] }) };
}

test('REG-06 resolve() is one HEAD; a digest comes from the header, size and type too', async () => {
  const { shelf, image } = shelfWithImage();
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1']);
  expect(server.seen[0]?.headers.accept).toContain(mediaTypes.dockerList);
});

test.for([{ status: 405 }, { status: 200 }, { status: 403 }])(
  'REG-06 resolve() falls back to GET when HEAD gives $status and no digest',
  async ({ status }) => {
    const { shelf, image } = shelfWithImage();
    await using server = await startScripted((request, response, nth) =>
      request.method === 'HEAD' ? answer(response, status) : serve(shelf)(request, response, nth),
    );
    await using client = testClient();
    expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  },
);

test('REG-06 fetchManifest() refuses other bytes than the digest names', async () => {
  const { image } = shelfWithImage();
  await using server = await startScripted((_request, response) =>
    answer(response, 200, { 'docker-content-digest': image.manifest.digest }, '{"other":1}'),
  );
  await using client = testClient();
  await expect(client.fetchManifest(imageAt(server.host), image.manifest, { signal })).rejects.toMatchObject({
    code: 'REG_CONTENT_MISMATCH',
  });
});

test('REG-06 fetchImage() refuses a tag whose bytes are not what the header names', async () => {
  await using server = await startScripted((_request, response) =>
    answer(response, 200, { 'docker-content-digest': digestOf('x') }, '{}'),
  );
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code: 'REG_CONTENT_MISMATCH',
  });
});

test('a manifest of more than 8 MiB is refused before it is read', async () => {
  await using server = await startScripted((_request, response) => {
    response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
    const more = (): void =>
      void (response.destroyed || (response.write(Buffer.alloc(65_536, 32)) ? setImmediate(more) : response.once('drain', more)));
    more();
  });
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code: 'REG_BAD_RESPONSE',
    message: expect.stringContaining('8388608'),
  });
});

test('fetchImage() of a lone manifest takes two round trips', async () => {
  const { shelf, image } = shelfWithImage();
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  const got = await client.fetchImage(imageAt(server.host), amd64, { signal });
  expect(got.descriptor).toEqual(image.manifest);
  expect(got.index).toBeUndefined();
  expect(digestOf(got.config)).toBe(image.config.digest);
  expect(got.imageConfig.platform).toEqual(amd64);
  expect(server.lines()).toEqual(['GET /v2/team/app/manifests/1', `GET /v2/team/app/blobs/${image.config.digest}`]);
});

const arm = (variant: string): { os: string; architecture: string; variant: string } => ({
  os: 'linux',
  architecture: 'arm',
  variant,
});

test.for([
  { name: 'exact variant', has: ['v6', 'v7'], wants: 'v7', gets: 'v7' },
  { name: 'a lower variant the processor runs', has: ['v5', 'v6'], wants: 'v7', gets: 'v6' },
  { name: 'never a higher one', has: ['v7'], wants: 'v6', gets: undefined },
])('REG-07 fetchImage() chooses from an index: $name', async ({ has, wants, gets }) => {
  const shelf = emptyShelf();
  const images = has.map((variant) => ({
    ...shelveImage(shelf, { architecture: 'arm', layer: variant }).manifest,
    platform: arm(variant),
  }));
  const provenance = { ...shelveImage(shelf, { layer: 'att' }).manifest, platform: { os: 'unknown', architecture: 'unknown' } };
  const index = shelveIndex(shelf, [provenance, ...images], ['1']);
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  const got = client.fetchImage(imageAt(server.host), arm(wants), { signal });
  if (gets === undefined) {
    await expect(got).rejects.toMatchObject({
      code: 'REG_NO_PLATFORM',
      message: expect.stringMatching(/no image for `linux\/arm\/v6`: it has linux\/arm\/v7$/),
    });
    return;
  }
  const { descriptor, index: named } = await got;
  expect(descriptor.digest).toBe(images[has.indexOf(gets)]?.digest);
  expect(named?.descriptor).toEqual(index);
});

test('REG-07 fetchImage() looks into an index inside an index', async () => {
  const shelf = emptyShelf();
  const { manifest } = shelveImage(shelf);
  const inner = shelveIndex(shelf, [{ ...manifest, platform: amd64 }]);
  shelveIndex(shelf, [inner], ['1']);
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  expect((await client.fetchImage(imageAt(server.host), amd64, { signal })).descriptor.digest).toBe(manifest.digest);
});

test('REG-08 fetchBlob() takes a broken transfer up where it broke', async () => {
  const cuts = [40_000, 70_000];
  await using server = await startScripted(({ headers }, response, nth) => {
    const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    const range = start === 0 ? {} : { 'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}` };
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': String(content.byteLength - start), ...range });
    const cut = cuts[nth];
    if (cut === undefined) response.end(content.subarray(start));
    else response.write(content.subarray(start, cut), () => setImmediate(() => response.destroy()));
  });
  await using client = testClient();
  const progress: number[] = [];
  const got = await collect(
    client.fetchBlob(imageAt(server.host), blob, { signal, onProgress: (current) => progress.push(current) }),
  );
  expect(got.equals(content)).toBe(true);
  expect(progress.at(-1)).toBe(blob.size);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(server.seen).toHaveLength(3);
  for (const { headers } of server.seen.slice(1)) expect(headers.range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('REG-08 fetchBlob() skips what it has when the server ignores Range', async () => {
  await using server = await startScripted((_request, response, nth) => {
    response.writeHead(200, { 'content-length': String(content.byteLength) });
    if (nth > 0) response.end(content);
    else response.write(content.subarray(0, 30_000), () => setImmediate(() => response.destroy()));
  });
  await using client = testClient();
  expect((await collect(client.fetchBlob(imageAt(server.host), blob, { signal }))).equals(content)).toBe(true);
});

test('REG-08 a redirect to another host sees no Authorization, one to the same host does', async () => {
  const { shelf, image } = shelfWithImage();
  await using cdn = await startScripted(serve(shelf));
  await using server = await startScripted(({ path, headers, query }, response) => {
    if (headers.authorization === undefined) return answer(response, 401, { 'www-authenticate': 'Basic realm="x"' });
    if (query.get('again') === null) return answer(response, 307, { location: `${path}?again=1` });
    return answer(response, 307, { location: `http://${cdn.host}${path}?signature=geheim` });
  });
  await using client = testClient({ credentials: () => Promise.resolve({ kind: 'basic', username: 'joe', password: 'geheim' }) });
  const got = await collect(client.fetchBlob(imageAt(server.host), image.layer, { signal }));
  expect(got.toString()).toBe('the layer');
  expect(server.seen).toHaveLength(3);
  expect(server.seen[2]?.headers.authorization).toMatch(/^Basic /);
  expect(cdn.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('a redirect loop ends after ten hops', async () => {
  await using server = await startScripted(({ path }, response) => answer(response, 302, { location: path }));
  await using client = testClient();
  await expect(client.resolve(imageAt(server.host), { signal })).rejects.toMatchObject({ code: 'REG_BAD_REDIRECT' });
  expect(server.seen).toHaveLength(11);
});

test.for(['', 'ftp://h/x', 'http://'])('a redirect to "%s" is refused', async (location) => {
  await using server = await startScripted((_request, response) => answer(response, 302, { location }));
  await using client = testClient();
  await expect(client.resolve(imageAt(server.host), { signal })).rejects.toMatchObject({ code: 'REG_BAD_REDIRECT' });
});

test.for([429, 500, 502, 503, 504, 408])('REG-09 %d is asked again, as late as Retry-After says', async (status) => {
  const { shelf, image } = shelfWithImage();
  await using server = await startScripted((request, response, nth) =>
    nth < 2 ? answer(response, status, status === 429 ? { 'retry-after': '3' } : {}) : serve(shelf)(request, response, nth),
  );
  const clock = fakeClock();
  await using client = testClient({ tuning: clock.tuning });
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  expect(clock.waits).toEqual(status === 429 ? [3000, 3000] : [1000, 2000]);
});

test('REG-09 a server that stays busy is given up, with its words', async () => {
  await using server = await startScripted((_request, response) => answerError(response, 429, 'TOOMANYREQUESTS', 'slow down'));
  const clock = fakeClock();
  await using client = testClient({ tuning: clock.tuning });
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code: 'REG_RATE_LIMITED',
    status: 429,
    serverCodes: ['TOOMANYREQUESTS'],
    message: expect.stringContaining('TOOMANYREQUESTS: slow down'),
  });
  expect(clock.waits).toHaveLength(5);
});

test('REG-09 a reset connection is tried again', async () => {
  const { shelf, image } = shelfWithImage();
  await using server = await startScripted((request, response, nth) =>
    nth === 0 ? void response.destroy() : serve(shelf)(request, response, nth),
  );
  await using client = testClient();
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
});

test.for([
  { name: 'other bytes of the right length', body: Buffer.from(content).fill(1), length: content.byteLength },
  { name: 'more bytes than promised', body: Buffer.concat([content, content]), length: undefined },
  { name: 'a lying Content-Length', body: content.subarray(1), length: content.byteLength - 1 },
])('fetchBlob() refuses $name', async ({ body, length }) => {
  await using server = await startScripted((_request, response) => {
    response.writeHead(200, length === undefined ? {} : { 'content-length': String(length) });
    response.end(body);
  });
  await using client = testClient();
  await expect(collect(client.fetchBlob(imageAt(server.host), blob, { signal }))).rejects.toMatchObject({
    code: 'REG_CONTENT_MISMATCH',
    message: expect.stringContaining(blob.digest),
  });
});

test('fetchBlob() refuses a range that starts elsewhere', async () => {
  await using server = await startScripted((_request, response, nth) => {
    if (nth > 0)
      return answer(
        response,
        206,
        { 'content-range': `bytes 5-${content.byteLength - 1}/${content.byteLength}` },
        content.subarray(5),
      );
    response.writeHead(200, { 'content-length': String(content.byteLength) });
    response.write(content.subarray(0, 30_000), () => setImmediate(() => response.destroy()));
  });
  await using client = testClient();
  await expect(collect(client.fetchBlob(imageAt(server.host), blob, { signal }))).rejects.toMatchObject({
    message: expect.stringContaining('asked for the bytes from'),
    code: 'REG_CONTENT_MISMATCH',
  });
});

test('a server that never answers, or stops in the middle, ends in a timeout', async () => {
  await using server = await startScripted(({ path }, response) => {
    if (path.includes('/blobs/')) response.writeHead(200, { 'content-length': String(content.byteLength) }).write('x');
  });
  await using client = testClient({ tuning: { headersTimeoutMs: 30, idleTimeoutMs: 30, maxTries: 1 } });
  await Promise.all([
    expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
      code: 'REG_TIMEOUT',
      message: expect.stringContaining('did not answer'),
    }),
    expect(collect(client.fetchBlob(imageAt(server.host), blob, { signal }))).rejects.toMatchObject({
      code: 'REG_TIMEOUT',
      message: expect.stringContaining('stopped sending'),
    }),
  ]);
});

test("aborting ends a stalled transfer with the signal's own reason", async () => {
  await using server = await startScripted(
    (_request, response) =>
      void response.writeHead(200, { 'content-length': String(content.byteLength) }).write(content.subarray(0, 10)),
  );
  await using client = testClient();
  const controller = new AbortController();
  const reason = new Error('enough');
  const stream = client.fetchBlob(imageAt(server.host), blob, { signal: controller.signal });
  await expect(async () => {
    for await (const chunk of stream) if (chunk.byteLength > 0) controller.abort(reason);
  }).rejects.toBe(reason);
});

test("REG-18 an unknown tag is told with the name, the place and the server's words", async () => {
  await using server = await startScripted(serve(emptyShelf()));
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code: 'REG_NOT_FOUND',
    message: `cannot pull \`${server.host}/team/app:1\`: not found: MANIFEST_UNKNOWN: unknown (${server.host})`,
  });
});

test('REG-20 a Warning header is told once', async () => {
  const { shelf } = shelfWithImage();
  await using server = await startScripted((request, response, nth) => {
    response.setHeader('warning', '299 - "this registry\u009b0m retires"');
    return serve(shelf)(request, response, nth);
  });
  const warnings: string[] = [];
  await using client = testClient({ onWarning: (text) => warnings.push(text) });
  await client.resolve(imageAt(server.host), { signal });
  await client.resolve(imageAt(server.host), { signal });
  expect(warnings).toEqual([`${server.host}: this registry 0m retires`]);
});

test('REG-16 a mirror is asked with its prefix and ns, and the one that answered is asked first from then on', async () => {
  const { shelf, image } = shelfWithImage();
  await using empty = await startScripted(serve(emptyShelf()));
  await using full = await startScripted(serve(shelf));
  const mirrors = parseMirrorOptions([`hub.invalid=http://${empty.host}`, `hub.invalid=http://${full.host}/cache/hub`]);
  await using client = testClient({ mirrors });
  expect(await client.resolve(imageAt('hub.invalid'), { signal })).toEqual(image.manifest);
  await collect(client.fetchBlob(imageAt('hub.invalid'), image.layer, { signal }));
  expect(empty.lines()).toEqual(['HEAD /v2/team/app/manifests/1']);
  expect(full.lines()).toEqual([
    'HEAD /v2/cache/hub/team/app/manifests/1',
    `GET /v2/cache/hub/team/app/blobs/${image.layer.digest}`,
  ]);
  expect(full.seen.map(({ query }) => query.get('ns'))).toEqual(['hub.invalid', 'hub.invalid']);
});

test('REG-16 an origin is asked without ns, and only after its mirrors', async () => {
  const { shelf, image } = shelfWithImage();
  await using mirror = await startScripted((_request, response) => answer(response, 500));
  await using origin = await startScripted(serve(shelf));
  const clock = fakeClock();
  await using client = testClient({
    mirrors: new Map([[origin.host, [{ host: mirror.host, prefix: '' }]]]),
    tuning: clock.tuning,
  });
  expect(await client.resolve(imageAt(origin.host), { signal })).toEqual(image.manifest);
  expect([mirror.seen.length, origin.seen.length, clock.waits.length]).toEqual([1, 1, 0]);
  expect(origin.seen[0]?.query.get('ns')).toBeNull();
});

test('REG-16 when no host has it, each is named with its reason', async () => {
  const dead = await startScripted(() => undefined);
  await dead[Symbol.asyncDispose]();
  await using mirror = await startScripted((_request, response) => answerError(response, 403, 'DENIED', 'not for you'));
  await using origin = await startScripted(serve(emptyShelf()));
  await using client = testClient({ mirrors: parseMirrorOptions([`${origin.host}=http://${dead.host},http://${mirror.host}`]) });
  const failure = await client.fetchImage(imageAt(origin.host), amd64, { signal }).catch((error: unknown) => error as Error);
  expect((failure as Error).message).toBe(
    [
      `cannot pull \`${origin.host}/team/app:1\`: not found: MANIFEST_UNKNOWN: unknown; tried:`,
      `  mirror http://${dead.host}: connection refused`,
      `  mirror http://${mirror.host}: pull access denied, repository does not exist or may require authorization: 403: DENIED: not for you`,
      `  ${origin.host}: not found: MANIFEST_UNKNOWN: unknown`,
    ].join('\n'),
  );
});

test('calls after disposal fail, also those under way', async () => {
  const silent: Script = () => undefined;
  await using server = await startScripted(silent);
  const client = testClient();
  const pending = client.resolve(imageAt(server.host), { signal });
  const outcome = expect(pending).rejects.toMatchObject({ code: 'REG_CLOSED' });
  await client[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await outcome;
  await expect(client.resolve(imageAt(server.host), { signal })).rejects.toMatchObject({ code: 'REG_CLOSED' });
});

test.for([
  { name: 'no JSON', body: '<html>', code: 'OCI_BAD_MANIFEST' },
  { name: 'schema 1', body: '{"schemaVersion":1}', code: 'OCI_UNSUPPORTED_MANIFEST' },
  { name: 'a descriptor without a digest', body: '{"config":{},"layers":[]}', code: 'OCI_BAD_DESCRIPTOR' },
])('fetchImage() refuses a manifest that is $name, and names the image', async ({ body, code }) => {
  await using server = await startScripted((_request, response) =>
    answer(response, 200, { 'content-type': mediaTypes.ociManifest }, body),
  );
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code,
    message: expect.stringContaining('team/app:1'),
  });
});

test('fetchImage() refuses a manifest that has other layers than its config', async () => {
  const shelf = emptyShelf();
  const { config, layer } = shelveImage(shelf);
  const bytes = printManifest({ kind: 'manifest', mediaType: mediaTypes.ociManifest, config, layers: [layer, layer] });
  shelf.manifests.set('1', { mediaType: mediaTypes.ociManifest, bytes });
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({ code: 'REG_NOT_AN_IMAGE' });
});

test('fetchImage() refuses an artifact that is no container image', async () => {
  const shelf = emptyShelf();
  const { config, layer } = shelveImage(shelf);
  const chart = { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' };
  const bytes = printManifest({ kind: 'manifest', mediaType: mediaTypes.ociManifest, config: chart, layers: [layer] });
  shelf.manifests.set('1', { mediaType: mediaTypes.ociManifest, bytes });
  await using server = await startScripted(serve(shelf));
  await using client = testClient();
  await expect(client.fetchImage(imageAt(server.host), amd64, { signal })).rejects.toMatchObject({
    code: 'REG_NOT_AN_IMAGE',
    message: expect.stringContaining('helm'),
  });
});
