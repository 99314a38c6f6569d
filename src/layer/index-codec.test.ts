import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../oci/index.ts';
import type { Content, Entry, LayerId, LayerIndex } from './entry.ts';
import { decodeIndex, encodeIndex } from './index-codec.ts';
import { dir, file, layer, whiteout } from './samples.ts';

const path = fc
  .array(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }).filter((text) => !/[/\0]/.test(text)),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join('/'));
const text = fc.string({ maxLength: 10 }).filter((value) => !value.includes('\0'));
const base64 = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const id = fc.constantFrom('one', 'two').map((value) => value as LayerId);
const meta = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  mtimeSec: fc.oneof(fc.integer({ min: -10, max: 10 }), fc.integer({ min: 2 ** 31, max: 2 ** 40 })),
  xattrs: fc.option(fc.dictionary(fc.constantFrom('user.a', 'security.capability'), base64, { minKeys: 1 }), { nil: undefined }),
};
const content: fc.Arbitrary<Content> = fc.oneof(
  base64.map((value) => ({ kind: 'inline', base64: value }) as const),
  fc.record({ kind: fc.constant('layer'), layer: id, path }),
);
const size = fc.maxSafeNat();
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    type: fc.constant('file'),
    ...meta,
    sizeBytes: size,
    digest: fc.option(text.map(digestOf), { nil: undefined }),
    content: fc.option(content, { nil: undefined }),
    tarOffset: fc.option(fc.nat(), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('dir'), ...meta, opaque: fc.constantFrom(true, undefined) }),
  fc.record({ type: fc.constant('symlink'), ...meta, target: text }),
  fc.record({ type: fc.constant('hardlink'), path, target: path }),
  fc.record({ type: fc.constantFrom('char', 'block', 'fifo'), ...meta, major: fc.nat(), minor: fc.nat() }),
  fc.record({ type: fc.constant('whiteout'), path }),
);

test('decodeIndex() gives back what encodeIndex() took', () => {
  fc.assert(
    fc.property(id, fc.array(entry, { maxLength: 12 }), (name, entries) => {
      const index: LayerIndex = { id: name, entries };
      expect(decodeIndex(encodeIndex(index))).toEqual(index);
    }),
    { numRuns: 500 },
  );
});

test('names that are not UTF-8 survive', () => {
  const index = layer('x', file('a\u{dcff}', ''), file('b'));
  expect(decodeIndex(encodeIndex(index))).toEqual(index);
});

test('encodeIndex() gives equal bytes for equal indexes', () => {
  const index = layer('x', dir('d'), file('d/f'));
  expect(encodeIndex(structuredClone(index)).equals(encodeIndex(index))).toBe(true);
});

test('decodeIndex() refuses an index with any one byte changed', () => {
  const bytes = encodeIndex(layer('x', dir('d'), file('d/f'), whiteout('e')));
  expect(bytes.length).toBeGreaterThan(100);
  for (let at = 0; at < bytes.length; at++) {
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ 0x41;
    expect(() => decodeIndex(bad)).toThrow(expect.objectContaining({ code: 'LAYER_BAD_INDEX' }));
  }
});

test('decodeIndex() refuses an index cut off anywhere', () => {
  const bytes = encodeIndex(layer('x', file('f')));
  for (let end = 0; end < bytes.length; end++) {
    expect(() => decodeIndex(bytes.subarray(0, end))).toThrow(expect.objectContaining({ code: 'LAYER_BAD_INDEX' }));
  }
});
