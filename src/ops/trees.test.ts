import { expect, test } from 'vitest';
import type { LayerId, LayerIndex } from '../layer/index.ts';
import type { Store } from '../store/index.ts';
import { createTrees } from './trees.ts';

/** A layer with one file of its own name. */
function layerIndex(id: LayerId): LayerIndex {
  return { id, entries: [{ type: 'file', path: id, mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: 0 }] };
}

function storeOf(index: (id: LayerId) => LayerIndex): Store {
  return { layers: { index } } as unknown as Store;
}

const layers = (count: number): LayerId[] => Array.from({ length: count }, (_, index) => `l${index}` as LayerId);

test('createTrees() reads each layer of a stack once, however often its parts are asked for', () => {
  const read: LayerId[] = [];
  const treeOf = createTrees(
    storeOf((id) => {
      read.push(id);
      return layerIndex(id);
    }),
  );
  const [a, b, c] = layers(3) as [LayerId, LayerId, LayerId];
  expect([...(treeOf([a, b]).root.children?.keys() ?? [])]).toEqual([a, b]);
  expect([...(treeOf([a]).root.children?.keys() ?? [])]).toEqual([a]);
  expect([...(treeOf([a, b, c]).root.children?.keys() ?? [])]).toEqual([a, b, c]);
  expect(treeOf([a, b])).toBe(treeOf([a, b]));
  expect(read).toEqual([a, b, c]);
  expect([...(treeOf([c]).root.children?.keys() ?? [])]).toEqual([c]);
});

test('createTrees() looks a stack up without work that grows with the square of its layers', () => {
  const treeOf = createTrees(storeOf((id) => ({ id, entries: [] })));
  const stack = layers(2500);
  const tree = treeOf(stack);
  // As a build does for each of its steps: with a key for each stack this takes minutes and all memory.
  for (let count = 0; count < stack.length; count++) treeOf(stack.slice(0, count));
  expect(treeOf(stack)).toBe(tree);
});
