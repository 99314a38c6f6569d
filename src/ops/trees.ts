import { type LayerId, emptyTree, extendTree, type Tree } from '../layer/index.ts';
import type { Store } from '../store/index.ts';

/** A stack, known by the layers that lead to it. */
interface Stack {
  readonly tree: Tree;
  readonly higher: Map<LayerId, Stack>;
}

/** Merged views, each made from that of the stack one layer lower. */
export function createTrees(store: Store): (layers: readonly LayerId[]) => Tree {
  const empty: Stack = { tree: emptyTree, higher: new Map() };
  return (layers) => {
    let stack = empty;
    for (const layer of layers) {
      let next = stack.higher.get(layer);
      if (next === undefined) {
        next = { tree: extendTree(stack.tree, store.layers.index(layer)), higher: new Map() };
        stack.higher.set(layer, next);
      }
      stack = next;
    }
    return stack.tree;
  };
}
