import { expect, test } from 'vitest';
import { parseSymbolicMode } from './symbolic-mode.ts';

test.for<[text: string, from: number, isDir: boolean, to: number]>([
  ['u+x', 0o644, false, 0o744],
  ['+x', 0o644, false, 0o755],
  ['a+x', 0o644, false, 0o755],
  ['u+x,go=r', 0o664, false, 0o744],
  ['go-w', 0o666, false, 0o644],
  ['go=', 0o777, false, 0o700],
  ['a=rX', 0o644, false, 0o444],
  ['a=rX', 0o744, false, 0o555],
  ['a+X', 0o644, false, 0o644],
  ['a+X', 0o644, true, 0o755],
  ['g=u', 0o741, false, 0o771],
  ['o+g', 0o750, false, 0o755],
  ['o-g', 0o757, false, 0o752],
  ['u+s', 0o755, false, 0o4755],
  ['g+s', 0o755, true, 0o2755],
  ['+s', 0o755, false, 0o6755],
  ['o+s', 0o755, false, 0o755],
  ['u=rwx', 0o4644, false, 0o744],
  ['g=rx', 0o4777, false, 0o4757],
  ['+t', 0o777, true, 0o1777],
  ['o+t', 0o777, true, 0o777],
  ['=', 0o4755, false, 0o000],
  ['u+r-w', 0o200, false, 0o400],
  ['ug=rw,o=', 0o777, false, 0o660],
])('DF-COPY-22 %s of %o (directory: %s) is %o', ([text, from, isDir, to]) => {
  expect(parseSymbolicMode(text)(from, isDir).toString(8)).toBe(to.toString(8));
});

test.for(['', 'x', 'u', 'u+q', 'z+x', 'u+x,', '755', 'u+gx', 'g=ur'])('DF-COPY-22 %j is refused', (text) => {
  expect(() => parseSymbolicMode(text)).toThrow(expect.objectContaining({ code: 'LAYER_BAD_MODE' }));
});
