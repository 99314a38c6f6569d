import { expect, test } from 'vitest';
import { cleanMemberName, toArchiveEntry, toLayerEntry } from './entry.ts';
import type { TarMember } from './member.ts';

function member(name: string, more: Partial<TarMember> = {}): TarMember {
  return {
    name,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeSec: 0,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: undefined,
    offset: 512,
    isSparse: false,
    ...more,
  };
}

test.for<[name: string, path: string]>([
  ['a/b', 'a/b'],
  ['./a', 'a'],
  ['/a', 'a'],
  ['a//b/', 'a/b'],
  ['a/./b', 'a/b'],
  ['a/../b', 'b'],
  ['./', ''],
  ['...', '...'],
  ['.a/..b', '.a/..b'],
])('cleanMemberName() makes %s into %j', ([name, path]) => {
  expect(cleanMemberName(name)).toBe(path);
});

test.for(['..', '../x', 'a/../../x', '/../etc/passwd', './..'])('cleanMemberName() refuses %s', (name) => {
  expect(() => cleanMemberName(name)).toThrow(expect.objectContaining({ code: 'TAR_UNSAFE_NAME' }));
});

test('a hard link must not name what is outside either', () => {
  expect(() => toLayerEntry(member('a', { type: 'hardlink', linkName: '../../etc/passwd' }))).toThrow(
    expect.objectContaining({ code: 'TAR_UNSAFE_NAME' }),
  );
  expect(toLayerEntry(member('a', { type: 'hardlink', linkName: './b' }))).toEqual({ type: 'hardlink', path: 'a', target: 'b' });
});

test('a symlink keeps its target, wherever it points', () => {
  expect(toLayerEntry(member('a', { type: 'symlink', linkName: '../../../etc' }))).toMatchObject({ target: '../../../etc' });
});

test.for<[name: string, entry: object | undefined]>([
  ['d/.wh.gone', { type: 'whiteout', path: 'd/gone' }],
  ['.wh.gone', { type: 'whiteout', path: 'gone' }],
  ['d/.wh..wh..opq', { type: 'opaque', path: 'd' }],
  ['.wh..wh..opq', { type: 'opaque', path: '' }],
  ['.wh..wh.plnk', undefined],
  ['d/.wh..wh.aufs', undefined],
  ['d/.wh.', undefined],
  ['d/.wh...', undefined],
])('IMG-08 toLayerEntry() reads %s', ([name, entry]) => {
  expect(toLayerEntry(member(name))).toEqual(entry);
});

test('DF-COPY-38 toArchiveEntry() takes whiteout names for names', () => {
  expect(toArchiveEntry(member('d/.wh.gone'))).toMatchObject({ type: 'file', path: 'd/.wh.gone' });
});
