import { expect, test } from 'vitest';
import type { TarEntry } from './entry.ts';
import { parseAll, tarOf } from './samples.ts';
import { TarWriter } from './writer.ts';

const meta = { mode: 0o644, uid: 0, gid: 0, mtimeSec: 1_700_000_000 };
const file = (path: string, more: object = {}): TarEntry => ({ type: 'file', path, ...meta, sizeBytes: 3, ...more });

test('IMG-07 names are relative and directories end with a slash; the root has no header', () => {
  const tar = tarOf([{ type: 'dir', path: '', ...meta }, { type: 'dir', path: 'd', ...meta }, file('d/f')]);
  expect(parseAll(tar).members.map((member) => member.name)).toEqual(['d/', 'd/f']);
});

test('IMG-07 a plain header is ustar, byte for byte', () => {
  const header = tarOf([file('d/f', { mode: 0o4755, uid: 1000, gid: 50 })]).subarray(0, 512);
  expect(header.toString('latin1', 0, 3)).toBe('d/f');
  expect(header.toString('latin1', 100, 156)).toBe(
    ['0004755', '0001750', '0000062', '00000000003', '14524770400', '007667', ' '].join('\0'),
  );
  expect(header.toString('latin1', 156, 157)).toBe('0');
  expect(header.toString('latin1', 257, 265)).toBe('ustar\x0000');
  expect(header.subarray(265, 329).every((byte) => byte === 0)).toBe(true);
  expect(header.toString('latin1', 329, 345)).toBe('0000000\x000000000\x00');
});

test('IMG-08 a whiteout is an empty file of mode, owner and time zero', () => {
  const { members } = parseAll(
    tarOf([
      { type: 'whiteout', path: 'd/gone' },
      { type: 'whiteout', path: 'top' },
    ]),
  );
  const zero = { type: 'file', mode: 0, uid: 0, gid: 0, sizeBytes: 0, mtimeSec: 0 };
  expect(members).toMatchObject([
    { name: 'd/.wh.gone', ...zero },
    { name: '.wh.top', ...zero },
  ]);
});

test('IMG-08 an opaque directory gets its marker, unless the caller expanded it', () => {
  const entries: TarEntry[] = [{ type: 'dir', path: 'd', ...meta, opaque: true }];
  expect(parseAll(tarOf(entries)).members.map((member) => member.name)).toEqual(['d/', 'd/.wh..wh..opq']);
  expect(parseAll(tarOf(entries, false)).members.map((member) => member.name)).toEqual(['d/']);
});

test('IMG-09 a hard link repeats what its file says of itself, without content', () => {
  const xattrs = { 'security.capability': 'AQAAAg==' };
  const tar = tarOf([file('a', { uid: 7, mode: 0o755, xattrs }), { type: 'hardlink', path: 'b', target: 'a' }]);
  const want = { name: 'b', type: 'hardlink', linkName: 'a', sizeBytes: 0, uid: 7, mode: 0o755, mtimeSec: meta.mtimeSec, xattrs };
  expect(parseAll(tar).members[1]).toMatchObject(want);
});

test('a hard link before its file is refused', () => {
  expect(() => tarOf([{ type: 'hardlink', path: 'a', target: 'b' }, file('b')])).toThrow(
    expect.objectContaining({ code: 'TAR_BAD_HARDLINK' }),
  );
});

test.for<[name: string, entry: TarEntry, isPax: boolean]>([
  ['a name of 100 characters', file('n'.repeat(100)), false],
  ['a name of 101 without a slash', file('n'.repeat(101)), true],
  ['a long name that splits at a slash', file(`${'d'.repeat(150)}/${'n'.repeat(100)}`), false],
  ['a long name whose last part is too long', file(`${'d'.repeat(20)}/${'n'.repeat(101)}`), true],
  ['a long directory name', { type: 'dir', path: `${'d'.repeat(120)}/${'n'.repeat(60)}`, ...meta }, false],
  ['a name beyond ASCII', file('naïve'), true],
  ['a name that is not UTF-8', file('x\u{dcff}'), true],
  ['a long link target', { type: 'symlink', path: 'l', ...meta, target: 't'.repeat(101) }, true],
  ['the largest plain uid', file('f', { uid: 0o7777777 }), false],
  ['a large uid and gid', file('f', { uid: 0o10000000, gid: 4_000_000_000 }), true],
  ['a time before 1970', file('f', { mtimeSec: -5 }), true],
  ['xattrs', file('f', { xattrs: { 'security.capability': 'AQAAAgAgAAAAAAAAAAAAAAAAAAA=', 'user.b': 'YQo9' } }), true],
])('IMG-10 IMG-11 %s', ([, entry, isPax]) => {
  const tar = tarOf([entry]);
  expect(tar.toString('latin1', 156, 157) === 'x').toBe(isPax);
  const [member] = parseAll(tar).members;
  const name = entry.type === 'dir' ? `${entry.path}/` : entry.path;
  expect(member).toMatchObject({ name });
  if (entry.type === 'file') {
    const { uid, gid, mtimeSec, xattrs } = entry;
    expect(member).toMatchObject({ uid, gid, mtimeSec });
    expect(member?.xattrs).toEqual(xattrs);
  } else if (entry.type === 'symlink') expect(member?.linkName).toBe(entry.target);
});

test('IMG-11 a size of 8 GiB and more goes into pax', () => {
  const chunks: Buffer[] = [];
  const writer = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)) });
  writer.writeHeader(file('big', { sizeBytes: 0o77777777777 + 1 }));
  expect(() => writer.finish()).toThrow(expect.objectContaining({ code: 'TAR_SIZE_MISMATCH' }));
  writer.writeContent(Buffer.alloc(1 << 20));
  expect(Buffer.concat(chunks).toString('latin1', 512, 530)).toBe('19 size=8589934592');
});

test('writeHeader() tells where the content starts', () => {
  const entries = [file('a', { sizeBytes: 700 }), file('é', { sizeBytes: 5 }), file('c', { sizeBytes: 100_000 }), file('d')];
  const writer = new TarWriter({ output: () => undefined });
  const offsets = entries.map((entry) => {
    const offset = writer.writeHeader(entry);
    if (entry.type === 'file') writer.writeContent(Buffer.alloc(entry.sizeBytes));
    return offset;
  });
  expect(offsets).toEqual(parseAll(tarOf(entries)).members.map((member) => member.offset));
  expect(writer.finish()).toBe(tarOf(entries).length);
});

test('content longer or shorter than its header is refused', () => {
  const writer = new TarWriter({ output: () => undefined });
  writer.writeHeader(file('f'));
  expect(() => writer.writeContent(Buffer.alloc(4))).toThrow(
    expect.objectContaining({ code: 'TAR_SIZE_MISMATCH', message: '`/f` is 1 bytes longer than when the step began' }),
  );
  writer.writeContent(Buffer.alloc(2));
  expect(() => writer.writeHeader(file('g'))).toThrow(expect.objectContaining({ code: 'TAR_SIZE_MISMATCH' }));
});

test('a tar ends with two zero blocks', () => {
  expect(tarOf([])).toEqual(Buffer.alloc(1024));
});
