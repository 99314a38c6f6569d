import { expect, test } from 'vitest';
import { descriptorOf, digestOf, mediaTypes } from '../oci/index.ts';
import { fakeClock, imageAt, testClient } from './client-fixture.ts';
import { answer, answerError, type Script, type ScriptedServer, startScripted } from './scripted-registry.ts';

const { signal } = new AbortController();
const content = Buffer.from('some layer bytes');
const blob = descriptorOf(mediaTypes.ociLayer, content);
const uploads = '/v2/team/app/blobs/uploads/';

async function* open(): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 5);
  yield content.subarray(5);
}

/** A registry that has nothing and takes everything. `location` is where it wants the upload. */
function taking(location: (server: string) => string = () => `${uploads}session?_state=a%2Fb~`): Script {
  return ({ method, headers }, response) => {
    if (method === 'HEAD') return answer(response, 404);
    if (method === 'POST') return answer(response, 202, { location: location(headers.host ?? '') });
    return answer(response, 201);
  };
}

const requests = (server: ScriptedServer): string[] =>
  server.seen.map(({ method, path, query }) => `${method} ${path}${query.size > 0 ? `?${query.toString()}` : ''}`);

test('REG-10 pushBlob() skips what the repository has', async () => {
  await using server = await startScripted((_request, response) => answer(response, 200));
  await using client = testClient();
  expect(await client.pushBlob(imageAt(server.host), blob, open, { signal })).toBe('exists');
  expect(server.lines()).toEqual([`HEAD /v2/team/app/blobs/${blob.digest}`]);
});

test.for([
  { name: 'relative', location: () => `${uploads}session?_state=a%2Fb~` },
  { name: 'absolute', location: (host: string) => `http://${host}${uploads}session?_state=a%2Fb~` },
])('REG-12 pushBlob() uploads in one piece to a $name Location and keeps its query', async ({ location }) => {
  await using server = await startScripted(taking(location));
  await using client = testClient();
  const progress: [number, number][] = [];
  const result = await client.pushBlob(imageAt(server.host), blob, open, {
    signal,
    onProgress: (current, total) => progress.push([current, total]),
  });
  expect(result).toBe('uploaded');
  expect(server.lines()).toEqual([`HEAD /v2/team/app/blobs/${blob.digest}`, `POST ${uploads}`, `PUT ${uploads}session`]);
  const put = server.seen[2];
  expect(put?.query.get('_state')).toBe('a/b~');
  expect(put?.query.get('digest')).toBe(blob.digest);
  expect(put?.body).toEqual(content);
  expect(put?.headers['content-length']).toBe(String(content.byteLength));
  expect(put?.headers['content-type']).toBe('application/octet-stream');
  expect(progress.at(-1)).toEqual([content.byteLength, content.byteLength]);
});

test('REG-12 an upload that goes to another host carries no Authorization', async () => {
  await using elsewhere = await startScripted((_request, response) => answer(response, 201));
  const registry = taking(() => `http://${elsewhere.host}/bucket?sig=1`);
  await using server = await startScripted((request, response, nth) =>
    request.headers.authorization === undefined
      ? answer(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      : registry(request, response, nth),
  );
  await using client = testClient({ credentials: () => Promise.resolve({ kind: 'basic', username: 'joe', password: 'geheim' }) });
  expect(await client.pushBlob(imageAt(server.host), blob, open, { signal })).toBe('uploaded');
  expect(server.seen.at(-1)?.headers.authorization).toMatch(/^Basic /);
  expect(elsewhere.seen.map(({ headers, body }) => [headers.authorization, body.toString()])).toEqual([
    [undefined, content.toString()],
  ]);
});

test('REG-12 another host that asks for a login during an upload gets none', async () => {
  await using elsewhere = await startScripted((_request, response) =>
    answer(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
  );
  await using server = await startScripted(taking(() => `http://${elsewhere.host}/bucket`));
  await using client = testClient({ credentials: () => Promise.resolve({ kind: 'basic', username: 'joe', password: 'geheim' }) });
  await expect(client.pushBlob(imageAt(server.host), blob, open, { signal })).rejects.toMatchObject({ code: 'REG_DENIED' });
  expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('REG-12 an upload without a Location is refused', async () => {
  await using server = await startScripted(({ method }, response) => answer(response, method === 'HEAD' ? 404 : 202));
  await using client = testClient();
  await expect(client.pushBlob(imageAt(server.host), blob, open, { signal })).rejects.toMatchObject({ code: 'REG_BAD_RESPONSE' });
});

test('REG-11 a mount that is taken (201) sends no bytes', async () => {
  await using server = await startScripted(({ method }, response) => answer(response, method === 'HEAD' ? 404 : 201));
  await using client = testClient();
  expect(await client.pushBlob(imageAt(server.host), blob, open, { signal, mountFrom: 'library/base' })).toBe('mounted');
  expect(requests(server)).toEqual([
    `HEAD /v2/team/app/blobs/${blob.digest}`,
    `POST ${uploads}?mount=${encodeURIComponent(blob.digest)}&from=library%2Fbase`,
  ]);
});

test('REG-11 a mount that is not taken (202) becomes the upload', async () => {
  await using server = await startScripted(taking());
  await using client = testClient();
  expect(await client.pushBlob(imageAt(server.host), blob, open, { signal, mountFrom: 'library/base' })).toBe('uploaded');
  expect(server.lines()).toEqual([`HEAD /v2/team/app/blobs/${blob.digest}`, `POST ${uploads}`, `PUT ${uploads}session`]);
});

test('REG-11 a mount that is denied is followed by an ordinary upload', async () => {
  const plain = taking();
  await using server = await startScripted((request, response, nth) =>
    request.query.has('mount') ? answerError(response, 403, 'DENIED', 'no') : plain(request, response, nth),
  );
  await using client = testClient();
  expect(await client.pushBlob(imageAt(server.host), blob, open, { signal, mountFrom: 'library/base' })).toBe('uploaded');
});

test('REG-11 a mount asks for the right to pull from the other repository', async () => {
  await using server = await startScripted(({ method, path, headers, query }, response) => {
    const host = headers.host ?? '';
    if (path === '/token')
      return answer(
        response,
        200,
        {},
        JSON.stringify({
          token: query
            .getAll('scope')
            .join('+')
            .replaceAll(/[^a-z+]/g, '.'),
        }),
      );
    if (headers.authorization === undefined)
      return answer(response, 401, { 'www-authenticate': `Bearer realm="http://${host}/token"` });
    return answer(response, method === 'HEAD' ? 404 : 201);
  });
  await using client = testClient();
  await client.pushBlob(imageAt(server.host), blob, open, { signal, mountFrom: 'library/base' });
  const scopes = server.seen.filter(({ path }) => path === '/token').map(({ query }) => query.getAll('scope'));
  expect(scopes).toEqual([['repository:team/app:pull,push'], ['repository:library/base:pull', 'repository:team/app:pull,push']]);
});

test('pushBlob() opens the bytes again for a second try', async () => {
  const plain = taking();
  let puts = 0;
  await using server = await startScripted((request, response, nth) =>
    request.method === 'PUT' && puts++ === 0 ? answer(response, 503) : plain(request, response, nth),
  );
  const clock = fakeClock();
  await using client = testClient({ tuning: clock.tuning });
  let opened = 0;
  const counted = (): AsyncGenerator<Uint8Array> => {
    opened += 1;
    return open();
  };
  expect(await client.pushBlob(imageAt(server.host), blob, counted, { signal })).toBe('uploaded');
  expect([opened, puts, clock.waits]).toEqual([2, 2, [1000]]);
  expect(server.seen.at(-1)?.body).toEqual(content);
});

test('pushBlob() throws what the source of the bytes throws, and tries no more', async () => {
  await using server = await startScripted(taking());
  await using client = testClient();
  const broken = new Error('the disk is gone');
  let opened = 0;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    opened += 1;
    yield content.subarray(0, 5);
    throw broken;
  };
  await expect(client.pushBlob(imageAt(server.host), blob, source, { signal })).rejects.toBe(broken);
  expect(opened).toBe(1);
});

test.for([
  { name: 'short', bytes: content.subarray(1) },
  { name: 'long', bytes: Buffer.concat([content, content]) },
])('pushBlob() refuses a source that is too $name', async ({ bytes }) => {
  await using server = await startScripted(taking());
  await using client = testClient();
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await expect(client.pushBlob(imageAt(server.host), blob, source, { signal })).rejects.toMatchObject({
    code: 'REG_CONTENT_MISMATCH',
    class: 'internal',
  });
});

test('REG-20 a refused push says so', async () => {
  await using server = await startScripted((_request, response) =>
    answerError(response, 403, 'DENIED', 'requested access to the resource is denied'),
  );
  await using client = testClient();
  await expect(client.pushBlob(imageAt(server.host), blob, open, { signal })).rejects.toMatchObject({
    code: 'REG_DENIED',
    message: expect.stringContaining(
      'push access denied, repository does not exist or may require authorization: 403: DENIED: requested access',
    ),
  });
});

const manifest = Buffer.from('{"schemaVersion":2}');

test('REG-14 pushManifest() sends nothing when the tag stands for these bytes already', async () => {
  await using server = await startScripted((_request, response) =>
    answer(response, 200, { 'docker-content-digest': digestOf(manifest) }),
  );
  await using client = testClient();
  expect(await client.pushManifest(imageAt(server.host), manifest, mediaTypes.ociManifest, { signal })).toBe(digestOf(manifest));
  expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1']);
});

test('REG-14 pushManifest() moves a tag that stands for something else', async () => {
  await using server = await startScripted(({ method }, response) =>
    method === 'HEAD'
      ? answer(response, 200, { 'docker-content-digest': digestOf('old') })
      : answer(response, 201, { 'docker-content-digest': digestOf(manifest) }),
  );
  await using client = testClient();
  await client.pushManifest(imageAt(server.host), manifest, mediaTypes.ociManifest, { signal });
  expect(server.lines()).toEqual(['HEAD /v2/team/app/manifests/1', 'PUT /v2/team/app/manifests/1']);
  expect(server.seen[1]?.headers['content-type']).toBe(mediaTypes.ociManifest);
  expect(server.seen[1]?.body).toEqual(manifest);
});

test("REG-18 a refused manifest gives the server's codes to act on", async () => {
  await using server = await startScripted(({ method }, response) =>
    method === 'HEAD' ? answer(response, 404) : answerError(response, 400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry'),
  );
  await using client = testClient();
  await expect(client.pushManifest(imageAt(server.host), manifest, mediaTypes.ociManifest, { signal })).rejects.toMatchObject({
    code: 'REG_REFUSED',
    status: 400,
    serverCodes: ['MANIFEST_BLOB_UNKNOWN'],
    message: expect.stringContaining('MANIFEST_BLOB_UNKNOWN: blob unknown to registry'),
  });
});

test('pushManifest() refuses a server that stored something else', async () => {
  await using server = await startScripted(({ method }, response) =>
    method === 'HEAD' ? answer(response, 404) : answer(response, 201, { 'docker-content-digest': digestOf('other') }),
  );
  await using client = testClient();
  await expect(client.pushManifest(imageAt(server.host), manifest, mediaTypes.ociManifest, { signal })).rejects.toMatchObject({
    code: 'REG_CONTENT_MISMATCH',
  });
});
