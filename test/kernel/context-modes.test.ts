import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, type BuildOptions } from '../../src/build/index.ts';
import { makeRepository, type TestRepository } from '../support/git-server.ts';
import { type ScratchBuilds, scratchBuilds } from '../support/scratch-build.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';

let scratch: ScratchBuilds;
beforeAll(() => {
  scratch = scratchBuilds();
});
afterAll(() => scratch[Symbol.dispose]());

let count = 0;

/** A repository with a program and a file in it, whose modes on disk are not those that were committed. */
function repository(): TestRepository {
  count += 1;
  const made = makeRepository(join(scratch.folder, `repository-${count}`));
  made.write({ 'bin/run': 'run', 'bin/text': 'text', 'top.txt': 'top' });
  chmodSync(join(made.path, 'bin/run'), 0o755);
  made.commit('all');
  for (const [path, mode] of [
    ['bin/run', 0o600],
    ['bin/text', 0o777],
    ['top.txt', 0o640],
    ['bin', 0o2770],
  ] as const)
    chmodSync(join(made.path, path), mode);
  return made;
}

const committed = ['bin 755', 'bin/run 755', 'bin/text 644', 'top.txt 644'];

/** `path mode` of all that a build finds in a local context, but for `.git`. */
async function modes(files: string, options: BuildOptions = {}): Promise<string[]> {
  const { files: found } = await scratch.build({
    dockerfile: 'FROM scratch\nCOPY --from=files . /\n',
    contexts: { files },
    contextModes: 'git',
    ...options,
  });
  return [...found.values()]
    .filter(({ path }) => path !== '' && !/(?:^|\/)\.git(?:\/|$)/.test(path))
    .map(({ path, mode, type }) => `${path} ${type === 'symlink' ? 'link' : mode.toString(8)}`)
    .sort();
}

test('contextModes git: modes are those of the index, in named contexts too; without it, those of the disk', async () => {
  const { path } = repository();
  expect(await modes(path)).toEqual(committed);
  expect(await modes(path, { contextModes: 'disk' })).toEqual(['bin 2770', 'bin/run 600', 'bin/text 777', 'top.txt 640']);
  const main = await scratch.build({ dockerfile: 'FROM scratch\nCOPY bin/run bin/text /\n', context: path, contextModes: 'git' });
  expect([main.files.get('run')?.mode, main.files.get('text')?.mode]).toEqual([0o755, 0o644]);
});

test('contextModes git: files that git does not know are 0644, or 0755 where their owner may execute them; links stay', async () => {
  const { path } = repository();
  writeFileSync(join(path, 'new'), '', { mode: 0o600 });
  writeFileSync(join(path, 'tool'), '', { mode: 0o700 });
  writeFileSync(join(path, 'others'), '');
  chmodSync(join(path, 'others'), 0o677);
  mkdirSync(join(path, 'folder'), { mode: 0o700 });
  symlinkSync('bin/run', join(path, 'link'));
  rmSync(join(path, 'top.txt'));
  symlinkSync('bin/run', join(path, 'top.txt'));
  expect(await modes(path)).toEqual(
    [...committed.slice(0, 3), 'top.txt link', 'new 644', 'tool 755', 'others 644', 'folder 755', 'link link'].sort(),
  );
});

test('contextModes git: two names of one file have each its own mode', async () => {
  const { path } = repository();
  rmSync(join(path, 'bin/text'));
  linkSync(join(path, 'bin/run'), join(path, 'bin/text'));
  expect(await modes(path)).toEqual(committed);
});

test('contextModes git: a directory of a work tree, a linked work tree, a submodule and what lies in one are contexts', async () => {
  const { path, git } = repository();
  expect(await modes(join(path, 'bin'))).toEqual(['run 755', 'text 644']);
  const linked = join(scratch.folder, `linked-${count}`);
  git('worktree', 'add', '--quiet', linked);
  chmodSync(join(linked, 'bin/run'), 0o600);
  expect(await modes(linked)).toEqual(committed);

  const outer = repository();
  outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', path, 'deep/inner');
  outer.git('update-index', '--chmod=+x', 'top.txt');
  for (const name of ['run', 'text']) chmodSync(join(outer.path, 'deep/inner/bin', name), 0o640);
  const inner = committed.map((line) => `inner/${line}`);
  expect(await modes(join(outer.path, 'deep'))).toEqual(['inner 755', ...inner]);
  expect(await modes(join(outer.path, 'deep/inner/bin'))).toEqual(['run 755', 'text 644']);
  expect(await modes(outer.path)).toEqual(expect.arrayContaining(['top.txt 755', 'deep/inner/bin/run 755']));
});

test('contextModes git: an index that only git can read is read by git', async () => {
  const { path, git } = repository();
  const raw = Buffer.from('raw-\xff', 'latin1');
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), raw]), '', { mode: 0o755 });
  git('add', '--all');
  chmodSync(Buffer.concat([Buffer.from(`${path}/`), raw]), 0o600);
  const expected = [...committed.slice(0, 3), 'raw-\\xff 755', committed[3]];
  git('update-index', '--chmod=+x', 'bin/run');
  git('update-index', '--chmod=-x', 'bin/text', 'top.txt');
  expect(await modes(path)).toEqual(expected);
  git('update-index', '--split-index');
  expect(await modes(path)).toEqual(expected);
});

test('contextModes git: in the middle of a conflict ours counts; without an index nothing is known yet', async () => {
  const { path, git, gitWith } = repository();
  const blob = git('hash-object', '-w', 'bin/run');
  const lines = [3, 2, 1].map((stage) => `100${stage === 2 ? '755' : '644'} ${blob} ${stage}\ttop.txt\n`).join('');
  gitWith(lines, 'update-index', '--index-info');
  expect(await modes(path)).toContain('top.txt 755');
  renameSync(join(path, '.git/index'), join(path, '.git/index.away'));
  expect(await modes(path)).toEqual(['bin 755', 'bin/run 644', 'bin/text 755', 'top.txt 644']);
});

test('contextModes git: a context in no work tree and a damaged index are named', async () => {
  const nowhere = scratch.write({ x: '' });
  await expect(modes(nowhere)).rejects.toMatchObject({
    code: 'SOURCE_NO_WORK_TREE',
    class: 'input',
    message: `\`--context-modes=git\` needs a git work tree, and \`${nowhere}\` is in none`,
  });
  // A context that no instruction asks for is no concern.
  await scratch.build({ dockerfile: 'FROM scratch\nCOPY <<x /\nx\n', contexts: { nowhere }, contextModes: 'git' });
  const { path } = repository();
  writeFileSync(join(path, '.git/index'), 'DIRC and then nonsense');
  await expect(modes(path)).rejects.toMatchObject({ code: 'SOURCE_BAD_INDEX', message: expect.stringContaining(path) });
});

test('contextModes git: a link in the place of a submodule is not followed', async () => {
  const { path, git } = repository();
  const commit = git('rev-parse', 'HEAD');
  git('update-index', '--add', '--cacheinfo', `160000,${commit},again`);
  symlinkSync('.', join(path, 'again'));
  expect(await modes(path)).toEqual(['again link', ...committed]);
});

test('contextModes git: clones with umask 022 and 077 give one image, and the second finds all in the cache', async () => {
  const { path } = repository();
  const clone = (umask: string): string => {
    const target = join(scratch.folder, `clone-${count}-${umask}`);
    execFileSync('/bin/sh', ['-c', 'umask "$1" && exec git clone --quiet "$2" "$3"', 'sh', umask, path, target], {
      env: { PATH: process.env['PATH'], HOME: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    });
    return target;
  };
  const options = (context: string, root: string, contextModes: 'disk' | 'git'): BuildOptions => ({
    dockerfile: 'FROM scratch\nCOPY bin /app/bin/\nCOPY top.txt /app/\n',
    context,
    contextModes,
    reproducible: true,
    outputs: [{ type: 'oci', dest: join(scratch.folder, 'image.tar') }],
    engine: { root: join(scratch.folder, root) },
  });
  const [open, closed] = [clone('022'), clone('077')];
  const first = await build(options(open, 'one', 'git'));
  const again = await build(options(closed, 'one', 'git'));
  const apart = await build(options(closed, 'two', 'git'));
  expect([again.manifestDigest, apart.manifestDigest]).toEqual([first.manifestDigest, first.manifestDigest]);
  expect([first.steps.ran > 0, again.steps.ran]).toEqual([true, 0]);
  expect((await build(options(closed, 'two', 'disk'))).manifestDigest).not.toBe(first.manifestDigest);
});

const kernel = needs('root', 'overlayfs', 'oci-runtime');

kernel.test('contextModes git: a bind mount of the context shows the modes of the index', async () => {
  using builder = await Builder.open();
  const { path } = repository();
  const built = await builder.build(
    `FROM base-image\nRUN --mount=type=bind,target=/c stat -c '%n %a' /c/bin /c/bin/run /c/bin/text >/modes`,
    { context: path, contextModes: 'git' },
  );
  expect(built.text('modes')).toBe('/c/bin 755\n/c/bin/run 755\n/c/bin/text 644\n');
  expect(readFileSync(join(path, 'bin/run'), 'utf8')).toBe('run');
});
