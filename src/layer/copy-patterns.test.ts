import { expect, test } from 'vitest';
import { type CopyAction, copy } from './copy.ts';
import { createDraft } from './draft.ts';
import { copyAction, dir, file, listing, treeOf } from './samples.ts';
import { emptyTree, nodeAt, type Tree } from './tree.ts';

const source = treeOf(
  'src',
  dir('app', { mode: 0o700 }),
  file('app/a.txt'),
  file('app/a.js'),
  dir('app/sub', { mode: 0o750, uid: 4, mtimeSec: 44 }),
  file('app/sub/b.txt'),
  file('app/sub/b.js'),
  dir('app/sub/deep'),
  file('app/sub/deep/c.txt'),
  file('top.txt'),
);

function run(action: CopyAction, on: Tree = emptyTree): Tree {
  const draft = createDraft(on);
  copy(draft, source, action, { nowSec: 5000 });
  return draft.tree();
}

function files(tree: Tree): string[] {
  return listing(tree).map((line) => line.replace(/^(file|dir) /, (_, type: string) => (type === 'dir' ? '+' : '')));
}

test.for<[name: string, patterns: string[], result: string[]]>([
  [
    'DF-COPY-32 only the top level without **/',
    ['*.txt'],
    ['+x', 'x/a.js', '+x/sub', 'x/sub/b.js', 'x/sub/b.txt', '+x/sub/deep', 'x/sub/deep/c.txt'],
  ],
  ['DF-COPY-32 any level with **/', ['**/*.txt'], ['+x', 'x/a.js', '+x/sub', 'x/sub/b.js', '+x/sub/deep']],
  ['DF-COPY-32 negation', ['**/*.txt', '!**/c.txt'], ['+x', 'x/a.js', '+x/sub', 'x/sub/b.js', '+x/sub/deep', 'x/sub/deep/c.txt']],
  [
    'DF-COPY-32 negation below an excluded directory',
    ['sub', '!sub/deep/c.txt'],
    ['+x', 'x/a.js', 'x/a.txt', '+x/sub', '+x/sub/deep', 'x/sub/deep/c.txt'],
  ],
  ['DF-COPY-32 a whole directory', ['sub'], ['+x', 'x/a.js', 'x/a.txt']],
  [
    'DF-COPY-32 a leading slash matches nothing',
    ['/sub', '!/a.txt', 'a.*'],
    ['+x', '+x/sub', 'x/sub/b.js', 'x/sub/b.txt', '+x/sub/deep', 'x/sub/deep/c.txt'],
  ],
  ['DF-COPY-32 everything leaves an empty directory', ['**'], ['+x']],
])('--exclude: %s', ([, excludePatterns, result]) => {
  expect(files(run(copyAction('/app', '/x', { excludePatterns })))).toEqual(result);
});

test('DF-COPY-33 --exclude does not apply to a source that is a file', () => {
  expect(files(run(copyAction('/top.txt', '/x/', { excludePatterns: ['**'] })))).toEqual(['+x', 'x/top.txt']);
  expect(files(run(copyAction('/*.txt', '/x/', { excludePatterns: ['*.txt'] })))).toEqual(['+x', 'x/top.txt']);
});

test('DF-COPY-32 --exclude counts from each directory that a wildcard matched', () => {
  expect(files(run(copyAction('/ap*', '/x', { excludePatterns: ['sub', 'a.js'] })))).toEqual(['+x', 'x/a.txt']);
});

test.for<[name: string, src: string, patterns: string[], result: string[]]>([
  ['DF-COPY-29 keeps the structure', '/', ['app/sub/b.txt'], ['+x', '+x/app', '+x/app/sub', 'x/app/sub/b.txt']],
  [
    'DF-COPY-29 a directory with all below',
    '/',
    ['app/sub/deep'],
    ['+x', '+x/app', '+x/app/sub', '+x/app/sub/deep', 'x/app/sub/deep/c.txt'],
  ],
  ['DF-COPY-30 pivot', '/app', ['sub/b.txt'], ['+x', '+x/sub', 'x/sub/b.txt']],
  ['DF-COPY-30 ** at any depth', '/', ['**/*.js'], ['+x', '+x/app', 'x/app/a.js', '+x/app/sub', 'x/app/sub/b.js']],
  ['DF-COPY-30 * at one depth', '/', ['app/*.js'], ['+x', '+x/app', 'x/app/a.js']],
  ['DF-COPY-31 nothing found', '/', ['*.none'], ['+x']],
])('--parents: %s', ([, src, includePatterns, result]) => {
  expect(files(run(copyAction(src, '/x/', { includePatterns })))).toEqual(result);
});

test('DF-COPY-29 parents on the way are made like those of the source, and are as old as what was put into them', () => {
  const tree = run(copyAction('/', '/x/', { includePatterns: ['app/sub/b.txt'] }));
  expect(nodeAt(tree, 'x/app')?.entry).toMatchObject({ mode: 0o700, uid: 0 });
  expect(nodeAt(tree, 'x/app/sub')?.entry).toMatchObject({ mode: 0o750, uid: 4, mtimeSec: 5000 });
});

test('DF-COPY-29 a parent that exists takes the mode and keeps its owner', () => {
  const on = treeOf('base', dir('x'), dir('x/app', { mode: 0o711, uid: 8 }));
  expect(nodeAt(run(copyAction('/', '/x/', { includePatterns: ['app/a.js'] }), on), 'x/app')?.entry).toMatchObject({
    mode: 0o700,
    uid: 8,
  });
});

test('DF-COPY-31 a required path that is missing is an error, one that exists is not', () => {
  const missing = copyAction('/', '/x/', { includePatterns: ['app/none'], requiredPaths: ['app/none'] });
  expect(() => run(missing)).toThrow(expect.objectContaining({ code: 'LAYER_NOT_FOUND', message: '"/app/none": not found' }));
  expect(files(run(copyAction('/app', '/x/', { includePatterns: ['a.js'], requiredPaths: ['a.js'] })))).toEqual(['+x', 'x/a.js']);
});

test('include and exclude patterns work together', () => {
  const action = copyAction('/', '/x/', { includePatterns: ['**/*.js', '**/*.txt'], excludePatterns: ['app/sub'] });
  expect(files(run(action))).toEqual(['+x', '+x/app', 'x/app/a.js', 'x/app/a.txt', 'x/top.txt']);
});
