import { type LayerId, emptyTree, extendTree, type Tree } from '../layer/index.ts';
import type { Store } from '../store/index.ts';

/** Merged views, each made from that of the stack one layer lower. */
export function createTrees(store: Store): (layers: readonly LayerId[]) => Tree {
  const trees = new Map<string, Tree>([['', emptyTree]]);
  return (layers) => {
    let tree = emptyTree;
    let key = '';
    for (const layer of layers) {
      key += `${layer} `;
      let next = trees.get(key);
      if (next === undefined) {
        next = extendTree(tree, store.layers.index(layer));
        trees.set(key, next);
      }
      tree = next;
    }
    return tree;
  };
}
