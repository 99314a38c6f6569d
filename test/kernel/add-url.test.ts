import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { answer, type Script, startScripted } from '../../src/registry/scripted-registry.ts';
import { digestOf } from '../../src/oci/index.ts';
import { TarWriter } from '../../src/tar/index.ts';
import { scratchBuilds, statOf } from '../support/scratch-build.ts';

const lastModified = 'Wed, 21 Oct 2015 07:28:00 GMT';
const lastModifiedSec = Date.parse(lastModified) / 1000;

/** `/hello.txt` with an ETag, answered with 304 when it is asked for again; `/plain` without either. */
const files: Script = ({ path, headers }, response) => {
  if (path === '/plain') return answer(response, 200, {}, 'plain\n');
  if (path === '/away') return answer(response, 302, { location: '/hello.txt' });
  if (path === '/docs.tar.gz') return answer(response, 200, {}, archive());
  if (path !== '/hello.txt') return answer(response, 404, {}, 'nothing here');
  if (headers['if-none-match'] === '"1"') return answer(response, 304, { etag: '"1"' });
  return answer(response, 200, { etag: '"1"', 'last-modified': lastModified }, 'hello\n');
};

function archive(): Buffer {
  const chunks: Buffer[] = [];
  const tar = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)) });
  const entry = { type: 'file', path: 'docs/a', mode: 0o640, uid: 7, gid: 8, mtimeSec: 5, sizeBytes: 1 } as const;
  tar.writeHeader(entry);
  tar.writeContent(Buffer.from('a'));
  tar.finish();
  return gzipSync(Buffer.concat(chunks));
}

test('DF-COPY-40 ADD of a URL names the file after it, with mode 0600 and the time that the server tells, else 1970', async () => {
  await using web = await startScripted(files);
  using scratch = scratchBuilds();
  const at = `http://${web.host}`;
  const built = await scratch.build({
    dockerfile: `FROM scratch
ADD ${at}/hello.txt /to/
ADD ${at}/hello.txt?v=1#part /renamed
ADD ${at}/plain /to/
ADD --chown=3:4 --chmod=0644 ${at}/away /away
`,
  });
  expect(statOf(built, 'to/hello.txt')).toBe(`600 0:0 ${lastModifiedSec} hello\n`);
  expect(statOf(built, 'renamed')).toBe(`600 0:0 ${lastModifiedSec} hello\n`);
  expect(statOf(built, 'to/plain')).toBe('600 0:0 0 plain\n');
  expect(statOf(built, 'away')).toBe(`644 3:4 ${lastModifiedSec} hello\n`);
});

test('DF-COPY-41 ADD --checksum accepts what it promises, without asking anybody the second time, and refuses the rest', async () => {
  await using web = await startScripted(files);
  using scratch = scratchBuilds();
  const add = (checksum: string, to: string, url = `http://${web.host}/hello.txt`): string =>
    `FROM scratch\nADD --checksum=${checksum} ${url} ${to}\n`;
  const good = digestOf('hello\n');
  expect(statOf(await scratch.build({ dockerfile: add(good, '/a') }), 'a')).toBe(`600 0:0 ${lastModifiedSec} hello\n`);
  const asked = web.seen.length;
  // Neither the same step, nor another one, nor another server's copy needs the network.
  await scratch.build({ dockerfile: add(good, '/a') });
  await scratch.build({ dockerfile: add(good, '/b') });
  await scratch.build({ dockerfile: add(good, '/c', 'http://127.0.0.1:1/hello.txt'), noCache: true });
  expect(web.seen.length).toBe(asked);
  const sha512 =
    'sha512:e7c22b994c59d9cf2b48e549b1e24666636045930d3da7c1acb299d1c3b7f931f94aae41edda2c2b207a36e10f8bcb8d45223e54878f5b316e7ce3b6bc019629';
  expect(statOf(await scratch.build({ dockerfile: add(sha512, '/a') }), 'a')).toContain('hello');
  const wrong = digestOf('other');
  await expect(scratch.build({ dockerfile: add(wrong, '/a') })).rejects.toMatchObject({
    code: 'SOURCE_DIGEST_MISMATCH',
    message: `digest mismatch ${good}: ${wrong}`,
    at: { start: { line: 2 } },
  });
});

test.for([
  ['md5:00', 'unsupported digest algorithm'],
  ['sha256:00', 'invalid checksum digest length'],
  ['sha256', 'invalid checksum digest format'],
  [`sha256:${'G'.repeat(64)}`, 'invalid checksum digest format'],
] as const)('ADD --checksum=%s is refused before anything is asked', async ([checksum, message]) => {
  using scratch = scratchBuilds();
  const dockerfile = `FROM scratch\nADD --checksum=${checksum} http://127.0.0.1:1/x /\n`;
  await expect(scratch.build({ dockerfile })).rejects.toMatchObject({
    code: 'FE_BAD_CHECKSUM',
    message: expect.stringContaining(message),
    at: { start: { line: 2, column: 16 } },
  });
});

test('DF-COPY-42 ADD --unpack extracts a download, without it the archive stays whole; a missing file is told with its status', async () => {
  await using web = await startScripted(files);
  using scratch = scratchBuilds();
  const url = `http://${web.host}/docs.tar.gz`;
  const built = await scratch.build({ dockerfile: `FROM scratch\nADD ${url} /whole/\nADD --unpack=true ${url} /out/\n` });
  expect(statOf(built, 'out/docs/a')).toBe('640 7:8 5 a');
  expect(Buffer.from(built.files.get('whole/docs.tar.gz')?.data ?? []).equals(archive())).toBe(true);
  await expect(scratch.build({ dockerfile: `FROM scratch\nADD http://${web.host}/none /\n` })).rejects.toMatchObject({
    code: 'REG_STATUS',
    class: 'registry',
    message: expect.stringContaining('invalid response status 404'),
    at: { start: { line: 2 } },
  });
});

test('DF-COPY-43 ADD asks again with the ETag it has: 304 is answered from the cache, new content makes the step run', async () => {
  let version = 1;
  await using web = await startScripted(({ headers }, response) => {
    const etag = `"${version}"`;
    if (headers['if-none-match'] === etag) return answer(response, 304);
    return answer(response, 200, { etag }, `version ${version}\n`);
  });
  using scratch = scratchBuilds();
  const dockerfile = `FROM scratch\nADD http://${web.host}/file /\n`;
  expect(statOf(await scratch.build({ dockerfile }), 'file')).toContain('version 1');
  const again = await scratch.build({ dockerfile });
  expect([again.ran, statOf(again, 'file')]).toEqual([0, '600 0:0 0 version 1\n']);
  expect(web.seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
  version = 2;
  expect(statOf(await scratch.build({ dockerfile }), 'file')).toContain('version 2');
});

test('ADD takes the same ETag on a full answer, and an unchanged Last-Modified, for unchanged content', async () => {
  await using web = await startScripted(({ path, headers }, response) => {
    if (path === '/tagged') return answer(response, 200, { etag: 'W/"x"' }, 'tagged\n');
    if (headers['if-modified-since'] === lastModified) return answer(response, 304);
    return answer(response, 200, { 'last-modified': lastModified }, 'dated\n');
  });
  using scratch = scratchBuilds();
  const dockerfile = `FROM scratch\nADD http://${web.host}/tagged http://${web.host}/dated /\n`;
  await scratch.build({ dockerfile });
  const again = await scratch.build({ dockerfile });
  expect(again.ran).toBe(0);
  expect(web.seen.length).toBe(4);
});

test('all steps of a build see one download of a URL', async () => {
  await using web = await startScripted((_, response, nth) => answer(response, 200, {}, `answer ${nth}\n`));
  using scratch = scratchBuilds();
  const url = `http://${web.host}/f`;
  const built = await scratch.build({
    dockerfile: `FROM scratch AS a\nADD ${url} /\nFROM scratch\nADD ${url} /\nCOPY --from=a /f /other\n`,
  });
  expect([statOf(built, 'f'), statOf(built, 'other')]).toEqual(['600 0:0 0 answer 0\n', '600 0:0 0 answer 0\n']);
});

test('DF-COPY-47 ADD takes files of the context, downloads and inline files in one instruction, in their order', async () => {
  await using web = await startScripted(files);
  using scratch = scratchBuilds();
  const context = scratch.write({ local: 'local\n' });
  const built = await scratch.build({
    context,
    dockerfile: `FROM scratch\nADD local http://${web.host}/hello.txt <<inline /all/\ntext\ninline\n`,
  });
  expect(statOf(built, 'all/local')).toContain('local');
  expect(statOf(built, 'all/hello.txt')).toBe(`600 0:0 ${lastModifiedSec} hello\n`);
  expect(statOf(built, 'all/inline')).toContain('text');
  await expect(scratch.build({ dockerfile: 'FROM scratch\nADD /all/\n' })).rejects.toMatchObject({
    message: expect.stringContaining('ADD requires at least two arguments'),
  });
});

test('user and password of a URL are sent to its host, and shown nowhere', async () => {
  await using other = await startScripted(files);
  await using web = await startScripted(({ path }, response) =>
    path === '/away' ? answer(response, 302, { location: `http://${other.host}/hello.txt` }) : answer(response, 404),
  );
  using scratch = scratchBuilds();
  const add = (path: string): string => `FROM scratch\nADD http://bob:hunter2@${web.host}${path} /f\n`;
  const built = await scratch.build({ dockerfile: add('/away') });
  expect(statOf(built, 'f')).toContain('hello');
  expect(web.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('bob:hunter2').toString('base64')}`);
  expect(other.seen[0]?.headers.authorization).toBeUndefined();
  expect(JSON.stringify(built.events)).not.toContain('hunter2');
  const failed: unknown = await scratch.build({ dockerfile: add('/none') }).catch((error: unknown) => error);
  expect(String(failed)).toContain('404');
  expect(String(failed)).not.toContain('hunter2');
});

test('a secret named after the host says who asks', async () => {
  await using web = await startScripted(files);
  using scratch = scratchBuilds();
  const dockerfile = (path: string): string => `FROM scratch\nADD http://${web.host}${path} /f\n`;
  await scratch.build({ dockerfile: dockerfile('/hello.txt'), secrets: { 'HTTP_AUTH_TOKEN_127.0.0.1': { value: 'tok' } } });
  await scratch.build({ dockerfile: dockerfile('/plain'), secrets: { 'HTTP_AUTH_HEADER_127.0.0.1': { value: 'Basic x' } } });
  expect(web.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer tok', 'Basic x']);
});

test('ADD extracts a gzip that something else follows, however large it is', async () => {
  using scratch = scratchBuilds();
  const garbage = Buffer.alloc(300_000, 'garbage');
  const context = scratch.write({
    'a.tar.gz': Buffer.concat([archive(), garbage]),
    'b.tar.gz': Buffer.concat([archive(), Buffer.alloc(3000), garbage]),
    Dockerfile: 'FROM scratch\nADD a.tar.gz /a/\nADD b.tar.gz /b/\n',
  });
  const { files } = await scratch.build({ context });
  expect([...files.keys()].filter((path) => path.includes('docs/'))).toEqual(['a/docs/a', 'b/docs/a']);
});
