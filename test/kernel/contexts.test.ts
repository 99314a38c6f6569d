import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { build, check, outline } from '../../src/build/index.ts';
import { answer, startScripted } from '../../src/registry/scripted-registry.ts';
import { TarWriter } from '../../src/tar/index.ts';
import { commitSec, makeRepository, startGitServer } from '../support/git-server.ts';
import { scratchBuilds, statOf } from '../support/scratch-build.ts';

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const chunks: Buffer[] = [];
  const tar = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)) });
  for (const [path, text] of Object.entries(files)) {
    const sizeBytes = Buffer.byteLength(text);
    tar.writeHeader({ type: 'file', path, mode: 0o640, uid: 7, gid: 8, mtimeSec: 5, sizeBytes });
    tar.writeContent(Buffer.from(text));
  }
  tar.finish();
  return Buffer.concat(chunks);
}

async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1000) yield bytes.subarray(at, at + 1000);
}

const files = {
  Dockerfile: 'FROM scratch\nCOPY . /\n',
  Other: 'FROM scratch\nCOPY app /other\n',
  app: 'app\n',
  '.dockerignore': 'app\n',
};

test('a tar is a context: owners stay, no ignore file counts, and the second build finds everything done', async () => {
  using scratch = scratchBuilds();
  for (const archive of [tarOf(files), gzipSync(tarOf(files))]) {
    const built = await scratch.build({ contextTar: stream(archive) });
    expect(statOf(built, 'app')).toBe('640 7:8 5 app\n');
  }
  expect((await scratch.build({ contextTar: stream(tarOf(files)) })).ran).toBe(0);
  expect(statOf(await scratch.build({ contextTar: stream(tarOf(files)), file: 'Other' }), 'other')).toBe('640 7:8 5 app\n');
  await expect(scratch.build({ contextTar: stream(tarOf(files)), file: 'none' })).rejects.toMatchObject({
    code: 'BUILD_NO_DOCKERFILE',
    message: 'failed to read dockerfile: open none: no such file or directory',
  });
  await expect(scratch.build({ contextTar: stream(Buffer.from('FROM scratch\n')) })).rejects.toMatchObject({
    code: 'BUILD_BAD_CONTEXT',
  });
});

test('CTX-14 a web address is a context: a Dockerfile, or an archive that holds one', async () => {
  await using web = await startScripted(({ path, headers }, response) => {
    if (headers['if-none-match'] === path) return answer(response, 304);
    const body =
      path === '/Dockerfile' ? 'FROM scratch\nCOPY context /self\n' : path === '/tar' ? tarOf(files) : gzipSync(tarOf(files));
    return answer(response, 200, { etag: path }, body);
  });
  using scratch = scratchBuilds();
  const at = `http://${web.host}`;
  expect(statOf(await scratch.build({ context: `${at}/Dockerfile` }), 'self')).toContain('FROM scratch');
  expect(statOf(await scratch.build({ context: `${at}/tar` }), 'app')).toBe('640 7:8 5 app\n');
  expect(statOf(await scratch.build({ context: `${at}/tgz`, file: 'Other' }), 'other')).toBe('640 7:8 5 app\n');
  expect((await scratch.build({ context: `${at}/tar` })).ran).toBe(0);
  // One look at each in a build, and nothing is downloaded twice.
  expect(web.lines()).toEqual(['GET /Dockerfile', 'GET /tar', 'GET /tgz', 'GET /tar']);
});

test('a Dockerfile may lie at a web address, and mistakes in it are told with its name', async () => {
  await using web = await startScripted(({ path }, response) =>
    answer(response, 200, {}, path === '/good.Dockerfile' ? 'FROM scratch\nCOPY mine /\n' : 'FROM scratch\nCOPPY a b\n'),
  );
  using scratch = scratchBuilds();
  const context = scratch.write({ mine: 'mine\n' });
  expect(statOf(await scratch.build({ context, file: `http://${web.host}/good.Dockerfile` }), 'mine')).toContain('mine');
  await expect(scratch.build({ context, file: `http://${web.host}/bad` })).rejects.toMatchObject({
    at: { file: 'bad', start: { line: 2 } },
  });
});

test('CTX-15 a repository is a context: its branch and directory in the fragment or in the query', async () => {
  using scratch = scratchBuilds();
  const root = join(scratch.folder, 'served');
  const repository = makeRepository(join(root, 'app'));
  repository.write({
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    name: 'main\n',
    'sub/dockerfile': 'FROM scratch\nCOPY name /sub\n',
    'sub/name': 'sub\n',
  });
  repository.commit('one');
  repository.git('branch', 'old');
  repository.write({ name: 'newer\n' });
  repository.commit('two');
  await using server = await startGitServer(root);
  const url = `${server.url}/app/.git`;
  expect(statOf(await scratch.build({ context: url }), 'name')).toMatch(/^644 0:0 \d+ newer\n$/);
  expect(statOf(await scratch.build({ context: `${url}#old` }), 'name')).toContain('main');
  expect(statOf(await scratch.build({ context: `${url}#old:sub` }), 'sub')).toContain('sub');
  expect(statOf(await scratch.build({ context: `${url}?branch=old&subdir=sub` }), 'sub')).toContain('sub');
  expect(statOf(await scratch.build({ context: url, dockerfile: 'FROM scratch\nCOPY name /mine\n' }), 'mine')).toContain('newer');
  // Not from the cache: times don't count there.
  const dated = await scratch.build({ context: `${url}?mtime=commit`, noCache: true });
  expect(dated.files.get('name')?.mtimeSec).toBe(commitSec);
  for (const [suffix, message] of [
    ['?ref=a#b', 'ref conflicts: "b" vs "a"'],
    ['?subdir=a#:b', 'subdir conflicts: "b" vs "a"'],
    ['?branch=a&tag=b', 'branch conflicts with tag'],
    ['?branche=a', 'unexpected query "branche"'],
  ] as const)
    await expect(scratch.build({ context: `${url}${suffix}` })).rejects.toMatchObject({ code: 'FE_BAD_GIT_URL', message });
});

test('SOURCE_DATE_EPOCH=context is the time of the commit, where the context is a repository', async () => {
  using scratch = scratchBuilds();
  const repository = makeRepository(join(scratch.folder, 'served/app'));
  repository.write({ Dockerfile: 'FROM scratch\nARG SOURCE_DATE_EPOCH\nENV T=$SOURCE_DATE_EPOCH\nCOPY Dockerfile /$T\n' });
  repository.commit('one');
  await using server = await startGitServer(join(scratch.folder, 'served'));
  const built = await scratch.build({ context: `${server.url}/app/.git`, buildArgs: { SOURCE_DATE_EPOCH: 'context' } });
  expect(built.files.get(String(commitSec))?.mtimeSec).toBe(commitSec);
});

test('CTX-16 a repository as the context is held against the commit that was promised', async () => {
  using scratch = scratchBuilds();
  const root = join(scratch.folder, 'served');
  const repository = makeRepository(join(root, 'app'));
  repository.write({ Dockerfile: 'FROM scratch\nCOPY . /\n' });
  const commit = repository.commit('one');
  await using server = await startGitServer(root);
  const url = `${server.url}/app/.git`;
  expect(statOf(await scratch.build({ context: `${url}?branch=main&commit=${commit}` }), 'Dockerfile')).toContain('FROM');
  const other = '0'.repeat(40);
  await expect(scratch.build({ context: `${url}?branch=main&commit=${other}` })).rejects.toMatchObject({
    code: 'SOURCE_GIT_CHECKSUM',
    message: `expected checksum to match ${other}, got ${commit}`,
  });
});

test('CTX-17 submodules come with a context unless they are left out; BUILDKIT_CONTEXT_KEEP_GIT_DIR keeps .git', async () => {
  using scratch = scratchBuilds();
  const root = join(scratch.folder, 'served');
  const library = makeRepository(join(root, 'library'));
  library.write({ code: 'code\n' });
  const commit = library.commit('library');
  const repository = makeRepository(join(root, 'app'));
  repository.write({
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = ../../library/.git\n',
  });
  repository.git('add', '--all');
  repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},lib`);
  repository.git('commit', '--quiet', '--message', 'one');
  await using server = await startGitServer(root);
  const url = `${server.url}/app/.git`;
  const built = await scratch.build({ context: url });
  expect([built.files.has('lib/code'), built.files.has('.git')]).toEqual([true, false]);
  expect((await scratch.build({ context: `${url}?submodules=0` })).files.has('lib/code')).toBe(false);
  const kept = await scratch.build({ context: url, buildArgs: { BUILDKIT_CONTEXT_KEEP_GIT_DIR: '1' } });
  expect(kept.files.has('.git/HEAD')).toBe(true);
});

test('a repository and a web address are named contexts, for COPY --from and for FROM; an unused one is not asked', async () => {
  using scratch = scratchBuilds();
  const root = join(scratch.folder, 'served');
  const repository = makeRepository(join(root, 'app'));
  repository.write({ 'docs/guide': 'guide\n' });
  repository.commit('one');
  await using server = await startGitServer(root);
  await using web = await startScripted((_, response) => answer(response, 200, {}, 'from the web\n'));
  const contexts = {
    repo: `${server.url}/app/.git#:docs`,
    web: `http://${web.host}/file`,
    nothing: 'docker-image://scratch',
    unused: 'http://127.0.0.1:1/none',
  };
  const dockerfile = 'FROM repo\nCOPY --from=web /context /web\nCOPY --from=repo guide /copy\nCOPY --from=nothing / /\n';
  const built = await scratch.build({ dockerfile, contexts });
  expect(statOf(built, 'guide')).toContain('guide');
  expect(statOf(built, 'copy')).toContain('guide');
  expect(statOf(built, 'web')).toBe('600 0:0 0 from the web\n');
});

test('check() and outline() read a Dockerfile from where it is', async () => {
  using scratch = scratchBuilds();
  const engine = { root: join(scratch.folder, 'store') };
  await using web = await startScripted((_, response) => answer(response, 200, {}, 'FROM scratch as a\nARG X=1\n'));
  const context = `http://${web.host}/Dockerfile`;
  const { findings } = await check({ context, engine, own: false });
  expect(findings.map(({ rule }) => rule)).toContain('FromAsCasing');
  expect((await outline({ context, engine })).args.map(({ name }) => name)).toEqual(['X']);
});

test('CTX-12 slipway build - takes a tar from standard input, plain or compressed, with -f for a file in it', () => {
  using scratch = scratchBuilds();
  const command = join(import.meta.dirname, '../../bin/slipway');
  const run = (input: Uint8Array, ...flags: readonly string[]): string => {
    const out = join(scratch.folder, 'out');
    execFileSync(command, ['build', '-o', out, ...flags, '-'], {
      input,
      env: { ...process.env, SLIPWAY_ROOT: join(scratch.folder, 'store') },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return readFileSync(join(out, flags.length === 0 ? 'app' : 'other'), 'utf8');
  };
  expect(run(tarOf(files))).toBe('app\n');
  expect(run(gzipSync(tarOf(files)))).toBe('app\n');
  expect(run(tarOf(files), '-f', 'Other')).toBe('app\n');
});

test('CTX-01 a directory is a context', async () => {
  using scratch = scratchBuilds();
  const context = scratch.write({ Dockerfile: 'FROM scratch\nCOPY a sub /to/\n', a: 'a\n', 'sub/b': 'b\n' });
  const built = await scratch.build({ context });
  expect([...built.files.keys()].sort()).toEqual(['to', 'to/a', 'to/b']);
  expect(statOf(built, 'to/b')).toMatch(/ b\n$/);
});

test('CTX-19 a directory and an image are named contexts, for COPY --from, for FROM and instead of another image', async () => {
  using scratch = scratchBuilds();
  const engine = { root: join(scratch.folder, 'store') };
  const context = scratch.write({ base: 'base\n', '.dockerignore': 'ignored\n', ignored: 'x\n' });
  await build({
    context,
    engine,
    dockerfile: 'FROM scratch\nENV FROM_BASE=yes\nCOPY base /\n',
    outputs: [{ type: 'image', names: ['docker.io/library/mine:1'] }],
  });
  const dockerfile = 'FROM example.test/none:1\nCOPY --from=files / /$FROM_BASE/\nCOPY --from=image /base /copy\n';
  const contexts = { 'example.test/none:1': 'docker-image://mine:1', image: 'docker-image://mine:1', files: context };
  const built = await scratch.build({ dockerfile, contexts });
  expect(statOf(built, 'base')).toContain('base');
  expect(statOf(built, 'copy')).toContain('base');
  expect(statOf(built, 'yes/base')).toContain('base');
  expect(built.files.has('yes/ignored')).toBe(false);
});
