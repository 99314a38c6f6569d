import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  commitSec,
  type GitServer,
  type GitServerOptions,
  makeRepository,
  startGitServer,
  type TestRepository,
} from '../support/git-server.ts';
import { type Built, type ScratchBuilds, scratchBuilds, statOf } from '../support/scratch-build.ts';

/** Paths that the build's result holds, without the directory of the copy. */
function names({ files }: Built): string[] {
  return [...files.keys()].filter((path) => path !== '').sort();
}

interface SetUp extends AsyncDisposable {
  readonly scratch: ScratchBuilds;
  /** What is served. */
  readonly root: string;
  readonly repository: TestRepository;
  readonly first: string;
  readonly second: string;
  readonly server: GitServer;
  readonly url: string;
}

/** A repository on a server: two commits on main, a branch, a tag of each kind. */
async function setUp(options: GitServerOptions = {}): Promise<SetUp> {
  const scratch = scratchBuilds();
  const root = join(scratch.folder, 'served');
  const repository = makeRepository(join(root, 'app'));
  repository.write({ README: 'first\n', 'docs/guide': 'guide\n', 'run.sh': '#!/bin/sh\n' });
  chmodSync(join(repository.path, 'run.sh'), 0o755);
  symlinkSync('docs/guide', join(repository.path, 'link'));
  const first = repository.commit('first');
  repository.git('tag', 'light');
  repository.git('tag', '--annotate', 'v1', '--message', 'one');
  repository.git('branch', 'stable');
  repository.write({ README: 'second\n' });
  const second = repository.commit('second');
  const server = await startGitServer(root, options);
  return {
    scratch,
    root,
    repository,
    first,
    second,
    server,
    url: `${server.url}/app/.git`,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      scratch[Symbol.dispose]();
    },
  };
}

function add(url: string, flags = ''): { readonly dockerfile: string } {
  return { dockerfile: `FROM scratch\nADD ${flags} ${url} /\n` };
}

test('DF-COPY-44 ADD of a repository brings its files: no .git, owner root, modes 0644 and 0755, links', async () => {
  await using it = await setUp();
  const umask = process.umask(0o077);
  try {
    const built = await it.scratch.build(add(it.url));
    expect(names(built)).toEqual(['README', 'docs', 'docs/guide', 'link', 'run.sh']);
    expect(statOf(built, 'README')).toMatch(/^644 0:0 \d+ second\n$/);
    expect(statOf(built, 'docs')).toMatch(/^755 0:0 /);
    expect(statOf(built, 'run.sh')).toMatch(/^755 0:0 /);
    expect(built.files.get('link')).toMatchObject({ type: 'symlink', linkName: 'docs/guide' });
  } finally {
    process.umask(umask);
  }
  const asked = it.server.seen.length;
  expect((await it.scratch.build(add(it.url))).ran).toBe(0);
  // One question, and no fetch.
  expect(it.server.seen.length - asked).toBeLessThan(asked);
});

test.for<[name: string, suffix: (it: { readonly first: string }) => string, expected: string]>([
  ['a branch', () => '#stable', 'first'],
  ['a full name', () => '#refs/heads/stable', 'first'],
  ['a light tag', () => '#light', 'first'],
  ['an annotated tag', () => '#v1', 'first'],
  ['a commit', ({ first }) => `#${first}`, 'first'],
  ['a query for a branch', () => '?branch=stable', 'first'],
  ['a query for a tag', () => '?tag=v1', 'first'],
  ['a query for a commit', ({ first }) => `?ref=${first}`, 'first'],
  ['the default branch', () => '', 'second'],
])('DF-COPY-45 ADD takes %s', async ([, suffix, expected]) => {
  await using it = await setUp();
  const built = await it.scratch.build(add(`${it.url}${suffix(it)}`));
  expect(statOf(built, 'README')).toContain(expected);
});

test('DF-COPY-45 ADD takes a directory of a repository, keeps .git where asked, and sets times to the commit where asked', async () => {
  await using it = await setUp();
  for (const suffix of ['#:docs', '#stable:/docs/', '?subdir=docs', '?branch=stable&subdir=./docs'])
    expect(names(await it.scratch.build(add(`${it.url}${suffix}`)))).toEqual(['guide']);
  for (const [suffix, flags] of [
    ['?keep-git-dir=true', ''],
    ['', '--keep-git-dir=true'],
  ] as const) {
    const kept = await it.scratch.build(add(`${it.url}${suffix}`, flags));
    expect(statOf(kept, '.git/HEAD')).toContain(it.second);
    expect(statOf(kept, '.git/config')).toContain(it.url);
    expect(names(kept).filter((name) => name.startsWith('.git/hooks/'))).toEqual([]);
  }
  const dated = await it.scratch.build(add(`${it.url}?mtime=commit`));
  expect(statOf(dated, 'docs/guide')).toBe(`644 0:0 ${commitSec} guide\n`);
});

test('DF-COPY-46 ADD --checksum wants the commit, and refuses another one before it is fetched', async () => {
  await using it = await setUp();
  for (const checksum of [it.second, it.second.slice(0, 10)])
    expect(statOf(await it.scratch.build(add(it.url, `--checksum=${checksum}`)), 'README')).toContain('second');
  expect(statOf(await it.scratch.build(add(`${it.url}#v1`, `--checksum=${it.first}`)), 'README')).toContain('first');
  await expect(it.scratch.build(add(it.url, `--checksum=${it.first}`))).rejects.toMatchObject({
    code: 'SOURCE_GIT_CHECKSUM',
    message: `expected checksum to match ${it.first}, got ${it.second}`,
    at: { start: { line: 2 } },
  });
});

test('a branch that moves makes the step run, one that is renamed to the same commit does not', async () => {
  await using it = await setUp();
  await it.scratch.build(add(`${it.url}#stable`));
  it.repository.git('branch', 'renamed', 'stable');
  expect((await it.scratch.build(add(`${it.url}#renamed`))).ran).toBe(0);
  it.repository.git('branch', '--force', 'stable', 'main');
  expect(statOf(await it.scratch.build(add(`${it.url}#stable`)), 'README')).toContain('second');
});

test('only the wanted commit is fetched, and a commit that the store has needs no server', async () => {
  await using it = await setUp();
  await it.scratch.build(add(it.url));
  const store = join(it.scratch.folder, 'store/git');
  const [bare = ''] = readdirSync(store);
  expect(existsSync(join(store, bare, 'shallow'))).toBe(true);
  const asked = it.server.seen.length;
  expect(statOf(await it.scratch.build({ ...add(`${it.url}#${it.second}:`), noCache: true }), 'README')).toContain('second');
  expect(it.server.seen.length).toBe(asked);
});

test('a commit in the middle is found on an old server too, which gives branches and tags alone', async () => {
  await using it = await setUp({ isOld: true });
  it.repository.write({ README: 'third\n' });
  it.repository.commit('third');
  expect(statOf(await it.scratch.build(add(it.url)), 'README')).toContain('third');
  expect(statOf(await it.scratch.build(add(`${it.url}#${it.second}`)), 'README')).toContain('second');
  await expect(it.scratch.build(add(`${it.url}#${'1'.repeat(40)}`))).rejects.toMatchObject({ code: 'SOURCE_GIT_NO_REF' });
});

test('a commit that no branch names any more is fetched where the server gives it, and told where it does not', async () => {
  await using it = await setUp();
  it.repository.git('reset', '--quiet', '--hard', `${it.first}`);
  it.repository.write({ README: 'lost\n' });
  const lost = it.repository.commit('lost');
  it.repository.git('reset', '--quiet', '--hard', it.second);
  expect(statOf(await it.scratch.build(add(`${it.url}#${lost}`)), 'README')).toContain('lost');
  const none = '1'.repeat(40);
  await expect(it.scratch.build(add(`${it.url}#${none}`))).rejects.toMatchObject({
    code: 'SOURCE_GIT_NO_REF',
    message: `repository does not contain commit ${none}`,
  });
});

test.for<[suffix: string, code: string, message: string]>([
  ['#none', 'SOURCE_GIT_NO_REF', 'repository does not contain ref none'],
  ['#abcdef1', 'SOURCE_GIT_NO_REF', 'repository does not contain ref abcdef1'],
  ['#--upload-pack=touch', 'SOURCE_GIT_BAD_REF', 'invalid git ref `--upload-pack=touch`'],
  ['#:none', 'SOURCE_GIT_NO_SUBDIR', 'the repository has no directory `none`'],
  ['#:README', 'SOURCE_GIT_NO_SUBDIR', 'git subpath "README" contains non-directory "README"'],
  ['#:link', 'SOURCE_GIT_NO_SUBDIR', 'git subpath "link" contains non-directory "link"'],
])('ADD of a repository with %s is refused: %s', async ([suffix, code, message]) => {
  await using it = await setUp();
  await expect(it.scratch.build(add(`${it.url}${suffix}`))).rejects.toMatchObject({ code, message, at: { start: { line: 2 } } });
});

test('secrets for the server are sent, and shown or kept nowhere', async () => {
  const basic = `Basic ${Buffer.from('x-access-token:hunter2').toString('base64')}`;
  await using it = await setUp({ authorization: basic });
  await expect(it.scratch.build(add(it.url))).rejects.toMatchObject({
    code: 'SOURCE_GIT_FAILED',
    class: 'registry',
    hint: expect.stringContaining('GIT_AUTH_TOKEN'),
  });
  const wrong: unknown = await it.scratch
    .build({ ...add(it.url), secrets: { GIT_AUTH_TOKEN: { value: 'wrong-token' } } })
    .catch((error: unknown) => error);
  expect(String(wrong)).toContain('failed to fetch remote');
  expect(String(wrong)).not.toContain('wrong-token');
  const { host } = new URL(it.url);
  await it.scratch.build({ ...add(it.url), secrets: { GIT_AUTH_HEADER: { value: basic } } });
  await it.scratch.build({
    ...add(it.url),
    secrets: { [`GIT_AUTH_TOKEN.${host}`]: { value: 'hunter2' }, GIT_AUTH_TOKEN: { value: 'no' } },
  });
  const kept = await it.scratch.build({
    ...add(it.url.replace('://', '://x-access-token:hunter2@'), '--keep-git-dir'),
  });
  expect(statOf(kept, '.git/config')).toContain(`url = ${it.url}`);
  expect(JSON.stringify(kept.events)).not.toContain('hunter2');
});

/** Make `name` a submodule of `parent`; what git itself would refuse here is written by hand. */
function addSubmodule(parent: TestRepository, name: string, url: string, commit: string): void {
  writeFileSync(join(parent.path, '.gitmodules'), `[submodule "${name}"]\n\tpath = ${name}\n\turl = ${url}\n`);
  parent.git('add', '.gitmodules');
  parent.git('update-index', '--add', '--cacheinfo', `160000,${commit},${name}`);
  parent.git('commit', '--quiet', '--message', 'a submodule');
}

test('submodules come along unless they are left out; their URL may be relative', async () => {
  await using it = await setUp();
  const library = makeRepository(join(it.root, 'library'));
  library.write({ code: 'code\n' });
  addSubmodule(it.repository, 'lib', '../../library/.git', library.commit('library'));
  const built = await it.scratch.build(add(it.url));
  expect(names(built).filter((name) => name.startsWith('lib'))).toEqual(['lib', 'lib/code']);
  const without = await it.scratch.build(add(`${it.url}?submodules=false`));
  expect(names(without).filter((name) => name.startsWith('lib'))).toEqual(['lib']);
  const kept = await it.scratch.build(add(it.url, '--keep-git-dir'));
  expect(statOf(kept, 'lib/code')).toContain('code');
});

test('a submodule cannot come from this machine', async () => {
  await using it = await setUp();
  const secret = makeRepository(join(it.scratch.folder, 'secret'));
  secret.write({ key: 'private\n' });
  const commit = secret.commit('secret');
  for (const url of [secret.path, `file://${secret.path}`, `ext::sh -c touch% ${it.scratch.folder}/ran`]) {
    it.repository.git('reset', '--quiet', '--hard', it.second);
    addSubmodule(it.repository, 'stolen', url, commit);
    await expect(it.scratch.build(add(it.url))).rejects.toMatchObject({ code: 'SOURCE_GIT_FAILED' });
  }
  expect(existsSync(join(it.scratch.folder, 'ran'))).toBe(false);
});

test('neither hooks nor settings of the user or of the repository run programs', async () => {
  await using it = await setUp();
  const home = it.scratch.write({
    '.gitconfig': `[core]\n\thooksPath = ${it.scratch.folder}/hooks\n[filter "x"]\n\tsmudge = touch ${it.scratch.folder}/ran; cat\n[url "file:///none/"]\n\tinsteadOf = http://\n`,
  });
  it.repository.write({ '.gitattributes': '* filter=x\n' });
  it.repository.commit('filters');
  const before = process.env['HOME'];
  process.env['HOME'] = home;
  try {
    expect(statOf(await it.scratch.build(add(it.url)), 'README')).toContain('second');
  } finally {
    if (before === undefined) delete process.env['HOME'];
    else process.env['HOME'] = before;
  }
  expect(existsSync(join(it.scratch.folder, 'ran'))).toBe(false);
});

test('what a killed git left in the store does not stop the next build', async () => {
  await using it = await setUp();
  await it.scratch.build(add(`${it.url}#stable`));
  const store = join(it.scratch.folder, 'store/git');
  const [bare = ''] = readdirSync(store);
  for (const name of ['shallow.lock', 'config.lock', 'HEAD.lock']) writeFileSync(join(store, bare, name), '');
  writeFileSync(join(store, bare, 'refs/slipway', `${it.second}.lock`), '');
  expect(statOf(await it.scratch.build(add(it.url)), 'README')).toContain('second');
});

test('two builds at once fetch a repository once, and both get its files', async () => {
  await using it = await setUp();
  const built = await Promise.all([it.scratch.build(add(it.url)), it.scratch.build(add(it.url))]);
  expect(built.map((each) => statOf(each, 'README').slice(-7))).toEqual(['second\n', 'second\n']);
  expect(it.server.seen.filter((line) => line.startsWith('POST')).length).toBeLessThanOrEqual(4);
  expect(statSync(join(it.scratch.folder, 'store/git')).isDirectory()).toBe(true);
});
