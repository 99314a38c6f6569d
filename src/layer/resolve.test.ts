import { expect, test } from 'vitest';
import { resolve, resolveDestination } from './resolve.ts';
import { dir, file, link, treeOf } from './samples.ts';

const tree = treeOf(
  'x',
  dir('real'),
  file('real/f'),
  dir('real/sub'),
  link('abs', '/real'),
  link('rel', 'real/sub'),
  link('up', '../../../real'),
  link('real/back', '..'),
  link('tofile', 'real/f'),
  link('dangling', 'nowhere/at/all'),
  link('chain', 'abs/sub'),
  link('loop', 'loop2'),
  link('loop2', 'loop'),
);

test.for<[path: string, followLast: boolean, result: string | undefined]>([
  ['real/f', true, 'real/f'],
  ['/real//./f', true, 'real/f'],
  ['../../real/f', true, 'real/f'],
  ['', true, ''],
  ['abs/f', true, 'real/f'],
  ['abs', true, 'real'],
  ['abs', false, 'abs'],
  ['abs/', false, 'abs'],
  ['rel', true, 'real/sub'],
  ['rel/..', true, 'real'],
  ['up/f', true, 'real/f'],
  ['real/back/abs/f', true, 'real/f'],
  ['chain', true, 'real/sub'],
  ['tofile', true, 'real/f'],
  ['tofile/x', true, undefined],
  ['real/f/x', true, undefined],
  ['dangling', true, undefined],
  ['dangling', false, 'dangling'],
  ['missing', true, undefined],
  ['missing/x', true, undefined],
])('DF-COPY-11 resolve() %s (follow last: %s) stays inside the root: %s', ([path, followLast, result]) => {
  expect(resolve(tree, path, { followLast })?.path).toBe(result);
});

test.for<[path: string, result: string]>([
  ['missing/a/b', 'missing/a/b'],
  ['abs/new/x', 'real/new/x'],
  ['dangling', 'nowhere/at/all'],
  ['dangling/more', 'nowhere/at/all/more'],
  ['real/new/../other', 'real/other'],
  ['new/../../../x', 'x'],
])('DF-COPY-12 resolveDestination() %s leads to %s', ([path, result]) => {
  expect(resolveDestination(tree, path, { followLast: true }).path).toBe(result);
});

test('a loop of symlinks is an error', () => {
  expect(() => resolve(tree, 'loop', { followLast: true })).toThrow(expect.objectContaining({ code: 'LAYER_SYMLINK_LOOP' }));
  expect(() => resolveDestination(tree, 'loop/x', { followLast: false })).toThrow(
    expect.objectContaining({ code: 'LAYER_SYMLINK_LOOP' }),
  );
});

test('resolveDestination() refuses to go through a file', () => {
  expect(() => resolveDestination(tree, 'real/f/x', { followLast: true })).toThrow(
    expect.objectContaining({ code: 'LAYER_NOT_DIRECTORY', message: 'cannot copy to non-directory: /real/f' }),
  );
});
