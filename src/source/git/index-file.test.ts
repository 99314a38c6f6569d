import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { scratchStore } from '../../store/scratch-store.ts';
import { makeRepository, type TestRepository } from '../../../test/support/git-server.ts';
import { readIndexFile } from './index-file.ts';

/** A repository with something of every kind, whose names share beginnings of many lengths. */
function repository(folder: string, ...init: readonly string[]): TestRepository {
  const made = makeRepository(join(folder, 'app'), ...init);
  made.write(
    Object.fromEntries(
      ['a', 'a.txt', 'ab', 'dir/x', 'dir/xy', 'dir/über', `long/${'n'.repeat(200)}`, 'zzz'].map((name) => [name, name]),
    ),
  );
  chmodSync(join(made.path, 'dir/x'), 0o755);
  symlinkSync('a', join(made.path, 'link'));
  made.commit('all');
  return made;
}

/** The same, as git itself tells it. */
function told({ git }: TestRepository): string[] {
  return git('ls-files', '--stage', '-z')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ \w+ /, ' '));
}

function read({ path }: TestRepository): string[] | undefined {
  return readIndexFile(readFileSync(join(path, '.git/index')))?.map(
    ({ path: name, mode, stage }) => `${mode.toString(8)} ${stage}\t${name}`,
  );
}

test.for([
  ['2', []],
  ['3', []],
  ['4', []],
  ['2', ['--object-format=sha256']],
  ['4', ['--object-format=sha256']],
] as const)('readIndexFile() reads version %s with %j', ([version, init]) => {
  using scratch = scratchStore();
  const made = repository(scratch.folder, ...init);
  // Only an entry with more flags needs version 3.
  if (version === '3') made.git('update-index', '--skip-worktree', 'ab');
  else made.git('update-index', '--force-write-index', '--index-version', version);
  const file = readFileSync(join(made.path, '.git/index'));
  expect(file.readUInt32BE(4)).toBe(Number(version));
  expect(read(made)).toEqual(told(made));
  expect(read(made)).toContain('100755 0\tdir/x');
  expect(read(made)).toContain('120000 0\tlink');
});

test('readIndexFile() reads the stages of a conflict, and submodules', () => {
  using scratch = scratchStore();
  const made = repository(scratch.folder);
  const blob = made.git('hash-object', '-w', 'a');
  const commit = made.git('rev-parse', 'HEAD');
  const lines = [`100644 ${blob} 1\tc`, `100644 ${blob} 3\tc`, `100755 ${blob} 2\tc`, `160000 ${commit} 0\tsub`];
  for (const line of lines) {
    const [mode = '', object = '', stage = '', path = ''] = line.split(/[ \t]/);
    if (stage === '0') made.git('update-index', '--add', '--cacheinfo', `${mode},${object},${path}`);
    else made.gitWith(`${mode} ${object} ${stage}\t${path}\n`, 'update-index', '--index-info');
  }
  expect(read(made)).toEqual(told(made));
  expect(read(made)).toEqual(expect.arrayContaining(['100755 2\tc', '160000 0\tsub']));
});

test('readIndexFile() leaves to git what only git can read', () => {
  using scratch = scratchStore();
  const made = repository(scratch.folder);
  made.git('update-index', '--split-index');
  expect(read(made)).toBeUndefined();
  made.git('update-index', '--no-split-index');
  expect(read(made)).toEqual(told(made));
  made.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'long');
  expect(read(made)).toBeUndefined();
});

test('readIndexFile() takes no damaged file for an index', () => {
  using scratch = scratchStore();
  const made = repository(scratch.folder);
  const whole = readFileSync(join(made.path, '.git/index'));
  expect(readIndexFile(whole)).toHaveLength(9);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ bits;
      expect(readIndexFile(damaged)).toBeUndefined();
      expect(readIndexFile(whole.subarray(0, at))).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});
