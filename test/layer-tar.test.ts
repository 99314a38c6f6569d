import { expect, test } from 'vitest';
import {
  buildTree,
  copy,
  createDraft,
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
