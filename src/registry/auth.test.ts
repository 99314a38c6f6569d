import { expect, test } from 'vitest';
import { collect, fakeClock, imageAt, testClient } from './client-fixture.ts';
import type { Credentials } from './credentials.ts';
import {
  answer,
  answerError,
  answerJson,
  emptyShelf,
  type Script,
  serve,
  shelveImage,
  startScripted,
} from './scripted-registry.ts';

const { signal } = new AbortController();
const shelf = emptyShelf();
const image = shelveImage(shelf, { tags: ['1'] });

interface Gate {
  /** Answers the token service's requests. */
  readonly token: Script;
  readonly accepts: (authorization: string) => boolean;
  readonly challenge?: (host: string) => string;
}

/** Content behind a challenge, with the token service at `/token` of the same server. */
function guarded(gate: Gate): Script {
  return (request, response, nth) => {
    if (request.path === '/token') return gate.token(request, response, nth);
    const { authorization, host = '' } = request.headers;
    if (authorization !== undefined && gate.accepts(authorization)) return serve(shelf)(request, response, nth);
    const challenge =
      gate.challenge?.(host) ?? `Bearer realm="http://${host}/token",service="svc",scope="repository:team/app:pull"`;
    answerError(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
  };
}

const login = (credentials: Credentials) => ({ credentials: () => Promise.resolve(credentials) });
const joe: Credentials = { kind: 'basic', username: 'joe', password: 'geheim:1' };
const joeHeader = `Basic ${Buffer.from('joe:geheim:1').toString('base64')}`;

test('REG-01 resolve() gets an anonymous token and shows it from then on', async () => {
  await using server = await startScripted(
    guarded({
      token: (_request, response) => answerJson(response, 200, { token: 'T1' }),
      accepts: (header) => header === 'Bearer T1',
    }),
  );
  await using client = testClient();
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  expect(await collect(client.fetchBlob(imageAt(server.host), image.layer, { signal }))).toEqual(Buffer.from('the layer'));
  expect(server.lines()).toEqual([
    'HEAD /v2/team/app/manifests/1',
    'GET /token',
    'HEAD /v2/team/app/manifests/1',
    `GET /v2/team/app/blobs/${image.layer.digest}`,
  ]);
  const asked = server.seen[1];
  expect(asked?.query.getAll('scope')).toEqual(['repository:team/app:pull']);
  expect(asked?.query.get('service')).toBe('svc');
  expect(asked?.headers.authorization).toBeUndefined();
  expect(server.seen[0]?.headers['user-agent']).toBe('slipway/test');
});

test('REG-01 a password goes to the token service as Basic, never to the registry', async () => {
  await using server = await startScripted(
    guarded({
      token: (_request, response) => answerJson(response, 200, { access_token: 'T1' }),
      accepts: (header) => header === 'Bearer T1',
    }),
  );
  await using client = testClient(login(joe));
  await client.resolve(imageAt(server.host), { signal });
  expect(server.seen[1]?.headers.authorization).toBe(joeHeader);
  expect(server.seen[1]?.query.get('account')).toBe('joe');
  expect(server.seen.filter(({ path }) => path !== '/token').map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer T1',
  ]);
});

test('REG-01 a Basic challenge is answered with the password, at once the next time', async () => {
  await using server = await startScripted(
    guarded({
      token: (_request, response) => answer(response, 500),
      accepts: (header) => header === joeHeader,
      challenge: () => 'Basic realm="x"',
    }),
  );
  await using client = testClient(login(joe));
  await client.resolve(imageAt(server.host), { signal });
  await client.resolve(imageAt(server.host), { signal });
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, joeHeader, joeHeader]);
});

test('REG-02 an identity token is exchanged by POST', async () => {
  await using server = await startScripted(
    guarded({
      token: (_request, response) => answerJson(response, 200, { access_token: 'T1' }),
      accepts: (header) => header === 'Bearer T1',
    }),
  );
  await using client = testClient(login({ kind: 'identity-token', token: 'idt' }));
  await client.resolve(imageAt(server.host), { signal });
  const post = server.seen[1];
  expect(post?.method).toBe('POST');
  expect(Object.fromEntries(new URLSearchParams(post?.body.toString()))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'idt',
    client_id: 'slipway',
    service: 'svc',
    scope: 'repository:team/app:pull',
  });
});

test.for([400, 401, 404, 405])('REG-02 a token service that answers POST with %d is asked by GET', async (status) => {
  const token: Script = ({ method }, response) =>
    method === 'POST' ? answer(response, status) : answerJson(response, 200, { token: 'T1' });
  await using server = await startScripted(guarded({ token, accepts: (header) => header === 'Bearer T1' }));
  await using client = testClient(login({ kind: 'identity-token', token: 'idt' }));
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
});

test('REG-02 a token service that knows no GET gets the password by POST', async () => {
  const token: Script = ({ method }, response) =>
    method === 'GET' ? answer(response, 405) : answerJson(response, 200, { token: 'T1' });
  await using server = await startScripted(guarded({ token, accepts: (header) => header === 'Bearer T1' }));
  await using client = testClient(login(joe));
  await client.resolve(imageAt(server.host), { signal });
  expect(new URLSearchParams(server.seen[2]?.body.toString()).get('grant_type')).toBe('password');
});

test('REG-02 a registry token is sent as it is', async () => {
  await using server = await startScripted(
    guarded({ token: (_request, response) => answer(response, 500), accepts: (header) => header === 'Bearer RT' }),
  );
  await using client = testClient(login({ kind: 'registry-token', token: 'RT' }));
  await client.resolve(imageAt(server.host), { signal });
  expect(server.lines()).not.toContain('GET /token');
});

test('REG-04 a token serves until nine tenths of its life are over', async () => {
  let issued = 0;
  const token: Script = (_request, response) => answerJson(response, 200, { token: `T${++issued}`, expires_in: 100 });
  await using server = await startScripted(guarded({ token, accepts: (header) => header === `Bearer T${issued}` }));
  const clock = fakeClock();
  await using client = testClient({ tuning: clock.tuning });
  await client.resolve(imageAt(server.host), { signal });
  clock.advance(89_000);
  await client.resolve(imageAt(server.host), { signal });
  expect(issued).toBe(1);
  clock.advance(2000);
  await client.resolve(imageAt(server.host), { signal });
  expect(issued).toBe(2);
  expect(server.seen).toHaveLength(6); // the second token was fetched without being refused first
});

test('REG-04 requests at the same time share one token request', async () => {
  let issued = 0;
  const token: Script = (_request, response) => answerJson(response, 200, { token: `T${++issued}` });
  await using server = await startScripted(guarded({ token, accepts: (header) => header === 'Bearer T1' }));
  await using client = testClient();
  await Promise.all(Array.from({ length: 8 }, () => client.resolve(imageAt(server.host), { signal })));
  expect(issued).toBe(1);
});

test('REG-05 a token refused for its scope is replaced by one with both scopes', async () => {
  let issued = 0;
  const token: Script = (_request, response) => answerJson(response, 200, { token: `T${++issued}` });
  await using server = await startScripted(
    guarded({
      token,
      accepts: (header) => header === 'Bearer T2',
      challenge: (host) =>
        issued === 0
          ? `Bearer realm="http://${host}/token"`
          : `Bearer realm="http://${host}/token",scope="repository:team/base:pull",error="insufficient_scope"`,
    }),
  );
  await using client = testClient();
  expect(await client.resolve(imageAt(server.host), { signal })).toEqual(image.manifest);
  const scopes = server.seen.filter(({ path }) => path === '/token').map(({ query }) => query.getAll('scope'));
  expect(scopes).toEqual([['repository:team/app:pull'], ['repository:team/app:pull', 'repository:team/base:pull']]);
});

test('REG-20 a refused pull says so, how to log in, and why no credentials were sent', async () => {
  await using server = await startScripted(
    guarded({ token: (_request, response) => answerJson(response, 200, { token: 'T1' }), accepts: () => false }),
  );
  await using client = testClient(
    login({ kind: 'none', why: 'the credential helper `docker-credential-x` failed: it is not installed' }),
  );
  await expect(client.fetchImage(imageAt(server.host), { os: 'linux', architecture: 'amd64' }, { signal })).rejects.toMatchObject(
    {
      code: 'REG_DENIED',
      class: 'registry',
      status: 401,
      message: expect.stringMatching(
        /team\/app:1`: pull access denied, repository does not exist or may require authorization: 401: UNAUTHORIZED: authentication required/,
      ),
      hint: expect.stringMatching(/docker-credential-x.*not installed.*docker login 127\.0\.0\.1/),
    },
  );
});

test('no message shows a password or token that the server sends back', async () => {
  const echo: Script = ({ headers }, response) =>
    headers.authorization === undefined
      ? answer(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      : answerError(response, 403, 'DENIED', `you sent ${headers.authorization}, that is geheim:1`);
  await using server = await startScripted(echo);
  await using client = testClient(login(joe));
  const failure: unknown = await client
    .fetchManifest(imageAt(server.host), image.manifest, { signal })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'REG_DENIED', message: expect.stringContaining('you sent Basic ***, that is ***') });
});

test.for([
  { name: 'no JSON', body: 'geheim' },
  { name: 'no token', body: '{}' },
  { name: 'a token that would break the header', body: '{"token":"a\\r\\nX-Evil: 1"}' },
])('a token service that sends $name fails the request', async ({ body }) => {
  await using server = await startScripted(
    guarded({ token: (_request, response) => answer(response, 200, {}, body), accepts: () => true }),
  );
  await using client = testClient();
  const failure: unknown = await client.resolve(imageAt(server.host), { signal }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'REG_AUTH_FAILED' });
  expect(String(failure)).not.toMatch(/geheim|Evil/);
});
