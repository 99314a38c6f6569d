import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buildTree,
  copy,
  createDraft,
  decodeIndex,
  encodeIndex,
  type Entry,
  type LayerId,
  nodeAt,
  normalizeLayer,
  type OpaqueMarker,
} from '../src/layer/index.ts';
import { copyAction, dir, file, hardlink, layer, link, listing, treeOf, whiteout } from '../src/layer/samples.ts';
import { type TarEntry, type TarOpaqueMarker, toLayerEntry } from '../src/tar/index.ts';
import { parseAll, tarOf } from '../src/tar/samples.ts';

// `layer` and `tar` must not import each other; these hold them together.
const toTar: (entry: Entry) => TarEntry = (entry) => entry;
const fromTar: (entry: TarEntry | TarOpaqueMarker) => Entry | OpaqueMarker = (entry) => entry;

function roundTrip(entries: readonly Entry[], id: string): { readonly id: LayerId; readonly entries: readonly Entry[] } {
  const items = parseAll(tarOf(entries.map(toTar))).members.flatMap((member) => toLayerEntry(member) ?? []);
  return { id: id as LayerId, entries: normalizeLayer(items.map(fromTar)) };
}

test('IMG-07 IMG-08 IMG-09 a layer written as a tar and read again shows the same tree', () => {
  const base = layer('base', dir('a'), file('a/x'), file('a/y'), dir('b'), file('b/z'), link('l', '/a'));
  const top = layer(
    'top',
    dir('a', { opaque: true }),
    file('a/new'),
    hardlink('again', 'a/new'),
    whiteout('b/z'),
    link('naïve', 'x'),
  );
  const tree = buildTree([roundTrip(base.entries, 'base'), roundTrip(top.entries, 'top')]);
  expect(listing(tree)).toEqual(listing(buildTree([base, top])));
  expect(nodeAt(tree, 'again')).toBe(nodeAt(tree, 'a/new'));
});

test('IMG-12 the layer of a copy, written as a tar, gives what the draft showed', () => {
  const base = treeOf('base', dir('etc', { mode: 0o711 }), file('etc/conf'));
  const draft = createDraft(base);
  copy(draft, treeOf('src', dir('d'), file('d/f', 'f', { uid: 5 }), hardlink('d/g', 'd/f')), copyAction('/d', '/etc'), {
    nowSec: 1,
  });
  const layers = [layer('base', dir('etc', { mode: 0o711 }), file('etc/conf')), roundTrip(draft.finish(), 'copy')];
  expect(listing(buildTree(layers))).toEqual(listing(draft.tree()));
  expect(nodeAt(buildTree(layers), 'etc/f')?.entry).toMatchObject({ uid: 5, sizeBytes: 1 });
});

const meta = {
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.nat(3000), fc.constantFrom(0o7777777, 2 ** 31, 2 ** 32 - 2)),
  gid: fc.nat(3000),
  mtimeSec: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(2 ** 33, 2 ** 35)),
  xattrs: fc.option(fc.constantFrom({ 'user.a': 'YQ==' }, { 'security.capability': 'AAAC', 'user.b': '' }), { nil: undefined }),
};
const inside = (name: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.subarray(['d1', 'd2', `d${'3'.repeat(120)}`, 'd\xe9']), fc.integer({ min: 0, max: 3 }))
    .map(([dirs, at]) => [...dirs, `${name}${at}`].join('/'));
const anyItem: fc.Arbitrary<Entry | OpaqueMarker> = fc.oneof(
  fc.record({ type: fc.constant('file'), path: inside('f'), ...meta, sizeBytes: fc.nat(2000) }),
  fc.record({ type: fc.constant('dir'), path: inside('d'), ...meta }),
  fc.record({ type: fc.constant('symlink'), path: inside('l'), ...meta, target: fc.constantFrom('f1', '/x', 't'.repeat(200)) }),
  fc.record({
    type: fc.constantFrom('char', 'block', 'fifo'),
    path: inside('p'),
    ...meta,
    major: fc.nat(4095),
    minor: fc.nat(4095),
  }),
  fc.record({ type: fc.constant('whiteout'), path: inside('w') }),
  fc.record({ type: fc.constant('opaque'), path: inside('d') }),
);

test('a layer goes from tar to index to tar with every entry, byte for byte', () => {
  let entriesSeen = 0;
  fc.assert(
    fc.property(fc.array(anyItem, { maxLength: 12 }), fc.boolean(), (items, withLink) => {
      const file = items.find((item) => item.type === 'file');
      // Its name is behind all others, as the name of a second link is in an index.
      const link: Entry[] = withLink && file !== undefined ? [{ type: 'hardlink', path: 'z', target: file.path }] : [];
      const first = normalizeLayer([...items, ...link]);
      const tar = tarOf(first.map(toTar));
      const index = decodeIndex(encodeIndex(roundTrip(first, 'layer')));
      expect(index.entries).toHaveLength(first.length);
      expect(tarOf(index.entries.map(toTar)).equals(tar)).toBe(true);
      entriesSeen += first.length;
    }),
    { numRuns: 150 },
  );
  expect(entriesSeen).toBeGreaterThan(500);
});
