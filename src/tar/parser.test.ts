import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlipwayError } from '../base/index.ts';
import { type TarEntry, toLayerEntry } from './entry.ts';
import { looksLikeTar } from './header.ts';
import { readTar } from './read.ts';
import { contentOf, endOfTar, padded, parseAll, pax, rawHeader, sealed, tarOf } from './samples.ts';

const part = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => !/[/\0]/.test(text) && !/^\.(\.|wh\..*)?$/.test(text));
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const target = fc.string({ minLength: 1, maxLength: 150 }).filter((text) => !text.includes('\0'));
const xattrs = fc.option(
  fc.dictionary(
    fc.constantFrom('user.a', 'security.capability'),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    {
      minKeys: 1,
    },
  ),
  { nil: undefined },
);
const id = fc.oneof(fc.nat(3000), fc.integer({ min: 0o7777770, max: 2 ** 32 - 2 }));
const meta = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: id,
  gid: id,
  mtimeSec: fc.integer({ min: -1000, max: 2 ** 35 }),
  xattrs,
};
const entry: fc.Arbitrary<TarEntry> = fc.oneof(
  fc.record({ type: fc.constant('file'), ...meta, sizeBytes: fc.nat(3000) }),
  fc.record({ type: fc.constant('dir'), ...meta }),
  fc.record({ type: fc.constant('symlink'), ...meta, target }),
  fc.record({ type: fc.constantFrom('char', 'block', 'fifo'), ...meta, major: fc.nat(4095), minor: fc.nat(4095) }),
  fc.record({ type: fc.constant('hardlink'), path, target: path }),
  fc.record({ type: fc.constant('whiteout'), path: path.filter((text) => !text.includes('/.wh')) }),
);

/** Hard links name a file before them, or are left out. */
function linked(entries: readonly TarEntry[]): TarEntry[] {
  const first = entries.findIndex((item) => item.type === 'file');
  const named = entries[first];
  return entries.flatMap((item, at): TarEntry[] => {
    if (item.type !== 'hardlink') return [item];
    return named === undefined || at < first ? [] : [{ ...item, target: named.path }];
  });
}

test('tar out and in preserves entries and contents, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }).map(linked), fc.integer({ min: 1, max: 2000 }), (entries, step) => {
      const { members, contents } = parseAll(tarOf(entries), step);
      const back = members.map((member) => {
        const { tarOffset: _, ...rest } = { tarOffset: 0, ...toLayerEntry(member) };
        return rest;
      });
      expect(back).toEqual(entries);
      const want = entries.map((item) => (item.type === 'file' ? contentOf(item.path, item.sizeBytes) : Buffer.alloc(0)));
      expect(contents).toEqual(want);
    }),
    { numRuns: 200 },
  );
});

test('readTar() yields every member of a stream', async () => {
  const tar = tarOf([
    { type: 'dir', path: 'd', mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 },
    { type: 'file', path: 'd/f', mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: 2000 },
  ]);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < tar.length; at += 700) yield tar.subarray(at, at + 700);
  }
  const found: string[] = [];
  for await (const member of readTar(chunks())) {
    found.push(member.name);
    if (member.type === 'file') expect(tar.toString('latin1', member.offset, member.offset + 3)).toBe('d/f');
  }
  expect(found).toEqual(['d/', 'd/f']);
});

test('long names and links of GNU tar', () => {
  const name = `${'n'.repeat(150)}`;
  const target = `${'t'.repeat(150)}`;
  const long = (type: string, value: string): Buffer =>
    Buffer.concat([rawHeader('././@LongLink', type, value.length + 1), padded(Buffer.from(`${value}\0`))]);
  const tar = Buffer.concat([
    long('K', target),
    long('L', name),
    rawHeader('cut', '2', 0, { link: 'cut' }),
    rawHeader('next', '0', 0),
    endOfTar,
  ]);
  expect(parseAll(tar).members).toMatchObject([{ name, linkName: target, type: 'symlink' }, { name: 'next' }]);
});

test('numbers in base 256', () => {
  const size = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
  const tar = Buffer.concat([rawHeader('f', '0', size), padded(Buffer.from('abc')), endOfTar]);
  expect(parseAll(tar)).toMatchObject({ members: [{ sizeBytes: 3 }], contents: [Buffer.from('abc')] });
});

test('pax records overrule the header, global ones do not', () => {
  const globalRecords = pax('path=global');
  const asGlobal = Buffer.concat([
    sealed(Buffer.from(globalRecords.subarray(0, 512).fill('g', 156, 157))),
    globalRecords.subarray(512),
  ]);
  const tar = Buffer.concat([
    asGlobal,
    pax('path=näme', 'size=3', 'uid=5000000', 'mtime=12.9', 'unknown=x', 'uname='),
    rawHeader('n', '0', 0),
    padded(Buffer.from('abc')),
    endOfTar,
  ]);
  const [member] = parseAll(tar).members;
  expect(member).toMatchObject({ name: 'näme', sizeBytes: 3, uid: 5_000_000, mtimeSec: 12 });
});

test('a prefix belongs to ustar, not to GNU’s own header', () => {
  const tar = Buffer.concat([
    rawHeader('n', '0', 0, { prefix: 'p' }),
    rawHeader('n', '0', 0, { prefix: 'p', magic: 'ustar  \0' }),
    endOfTar,
  ]);
  expect(parseAll(tar).members.map((member) => member.name)).toEqual(['p/n', 'n']);
});

test('an old header whose name ends in a slash is a directory', () => {
  const tar = Buffer.concat([rawHeader('d/', '\0', 0, { magic: '' }), endOfTar]);
  expect(parseAll(tar).members).toMatchObject([{ type: 'dir' }]);
});

test('what follows the end of a tar is not looked at', () => {
  expect(parseAll(Buffer.concat([rawHeader('f', '0', 0), endOfTar, Buffer.alloc(2000, 0xff)])).members).toHaveLength(1);
});

test('a tar without its end is taken, one cut inside a member is not', () => {
  expect(parseAll(Buffer.concat([rawHeader('f', '0', 3), padded(Buffer.from('abc'))])).members).toHaveLength(1);
  const tar = Buffer.concat([pax('path=a'), rawHeader('f', '0', 3), padded(Buffer.from('abc'))]);
  for (let end = 1; end < tar.length; end++) {
    expect(() => parseAll(tar.subarray(0, end))).toThrow(expect.objectContaining({ code: 'TAR_TRUNCATED' }));
  }
});

const negative = Buffer.alloc(12, 0xff);
const huge = Buffer.from([0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

test.for<[name: string, tar: Buffer, code: string]>([
  ['a wrong checksum', Buffer.from(rawHeader('f', '0', 0).fill('g', 0, 1)), 'TAR_BAD_HEADER'],
  ['bytes that are no tar', Buffer.alloc(512, 0x41), 'TAR_BAD_HEADER'],
  ['a negative size', rawHeader('f', '0', negative), 'TAR_BAD_HEADER'],
  ['a size beyond all numbers', rawHeader('f', '0', huge), 'TAR_BAD_HEADER'],
  ['a pax header of 2 MiB', rawHeader('f', 'x', 2 << 20), 'TAR_BAD_HEADER'],
  ['a long name of 1 GiB', rawHeader('f', 'L', 1 << 30), 'TAR_BAD_HEADER'],
  [
    'a pax record that is longer than its header',
    Buffer.concat([rawHeader('p', 'x', 9), padded(Buffer.from('99 path=a'))]),
    'TAR_BAD_HEADER',
  ],
  ['a pax record without length', Buffer.concat([rawHeader('p', 'x', 7), padded(Buffer.from('path=a\n'))]), 'TAR_BAD_HEADER'],
  ['a pax record of length zero', Buffer.concat([rawHeader('p', 'x', 9), padded(Buffer.from('0 path=a\n'))]), 'TAR_BAD_HEADER'],
  ['a pax size that is no number', Buffer.concat([pax('size=-1'), rawHeader('f', '0', 0)]), 'TAR_BAD_HEADER'],
  ['a pax name with a NUL', Buffer.concat([pax('path=a\0b'), rawHeader('f', '0', 0)]), 'TAR_BAD_HEADER'],
  ['an unknown type', rawHeader('f', 'Z', 0), 'TAR_UNSUPPORTED'],
])('a tar with %s is refused', ([, tar, code]) => {
  expect(() => parseAll(Buffer.concat([tar, endOfTar]))).toThrow(expect.objectContaining({ code }));
});

test('damaged tars are parsed or refused, never anything else', () => {
  const good = tarOf([
    { type: 'file', path: 'naïve', mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: 600, xattrs: { 'user.a': 'YQ==' } },
    { type: 'symlink', path: 'l', mode: 0o777, uid: 0, gid: 0, mtimeSec: 0, target: 'x'.repeat(120) },
  ]);
  let refused = 0;
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(damage, fc.boolean(), (places, isSealed) => {
      const bad = Buffer.from(good);
      for (const [at, byte] of places) bad[at] = byte;
      if (isSealed)
        for (let at = 0; at + 512 <= bad.length; at += 512)
          if (bad.toString('latin1', at + 257, at + 262) === 'ustar') sealed(bad.subarray(at, at + 512));
      try {
        parseAll(bad);
      } catch (error) {
        refused += 1;
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(50);
});

test('DF-COPY-36 looksLikeTar() goes by content', () => {
  expect(looksLikeTar(tarOf([{ type: 'dir', path: 'd', mode: 0, uid: 0, gid: 0, mtimeSec: 0 }]))).toBe(true);
  expect(looksLikeTar(Buffer.from('#!/bin/sh\n'.repeat(100)))).toBe(false);
  expect(looksLikeTar(Buffer.alloc(1024))).toBe(false);
  expect(looksLikeTar(Buffer.alloc(100))).toBe(false);
});
