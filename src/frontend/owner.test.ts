import { expect, test } from 'vitest';
import { parseChmod, parseOwner } from './owner.ts';
import { copyDest, hasWildcard, joinPath } from './paths.ts';

const at = { file: 'Dockerfile', start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };
const id = (value: number) => ({ kind: 'id', id: value });
const name = (value: string) => ({ kind: 'name', name: value, input: 3 });

test.for([
  ['', undefined],
  ['1000', { user: id(1000) }],
  ['root', { user: id(0) }],
  ['app', { user: name('app') }],
  ['app:0', { user: name('app'), group: id(0) }],
  ['1:staff', { user: id(1), group: name('staff') }],
  [':5', { group: id(5) }],
  ['app:', { user: name('app'), group: id(0) }],
  ['a:b:c', { user: name('a'), group: name('b:c') }],
  ['4294967296', { user: name('4294967296') }],
] as const)('DF-COPY-18 parseOwner(%j)', ([text, owner]) => {
  expect(parseOwner(text, 3, at)).toEqual(owner);
});

test.for([
  ['', -1, ''],
  ['644', 0o644, ''],
  ['0', 0, ''],
  ['07777', 0o7777, ''],
  ['u+x,go=r', -1, 'u+x,go=r'],
  ['+X', -1, '+X'],
  ['g=u', -1, 'g=u'],
  ['a-w+x', -1, 'a-w+x'],
  ['ug=rwxXst,o=', -1, 'ug=rwxXst,o='],
] as const)('DF-COPY-22 parseChmod(%j)', ([text, mode, modeStr]) => {
  expect(parseChmod(text, at)).toEqual({ mode, modeStr });
});

test.for(['10000', '8', '-1', '0x1', 'u', 'u+y', 'u+x,', '=g+u?'])('DF-COPY-21 parseChmod(%j) is refused', (text) => {
  expect(() => parseChmod(text, at)).toThrowError(expect.objectContaining({ code: 'FE_BAD_CHMOD' }));
});

test.for([
  ['/w', '', '/w/'],
  ['/w', '.', '/w/'],
  ['/w', './', '/w/'],
  ['/w', 'a', '/w/a'],
  ['/w', 'a/', '/w/a/'],
  ['/w', 'a/.', '/w/a/.'],
  ['/w', '/', '/'],
  ['/', '.', '/'],
  ['/w', '../../x', '/x'],
  ['/w', '/a//b/../c', '/a/c'],
] as const)('DF-COPY-04 copyDest(%s, %j) is %s', ([workdir, path, dest]) => {
  expect(copyDest(workdir, path)).toBe(dest);
});

test('joinPath() never leaves the root', () => expect(joinPath('/a', '../../../etc')).toBe('/etc'));

test.for([
  ['a*', true],
  ['[a]', true],
  ['a\\*b', false],
  ['plain', false],
] as const)('hasWildcard(%s) is %s', ([path, expected]) => {
  expect(hasWildcard(path)).toBe(expected);
});
