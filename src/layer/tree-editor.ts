import type { LayerId } from './entry.ts';
import { type DirNode, makeDir, type Tree, type TreeNode } from './tree.ts';

/**
 * Writes to a tree without changing it: a directory is copied the first time it is written to, its siblings are shared.
 * What `freeze` has shown is never written to again.
 */
export class TreeEditor {
  #root: TreeNode;
  #owned = new Set<TreeNode>();

  constructor(tree: Tree) {
    this.#root = tree.root;
  }

  get tree(): Tree {
    return { root: this.#root };
  }

  freeze(): Tree {
    this.#owned = new Set();
    return { root: this.#root };
  }

  root(): DirNode {
    const root = this.#own(this.#root);
    this.#root = root;
    return root;
  }

  /** The directory at `path`, writable. Undefined when there is none: no symlink is followed. */
  dir(path: string): DirNode | undefined {
    let dir = this.root();
    if (path === '') return dir;
    for (const name of path.split('/')) {
      const next = this.childDir(dir, name);
      if (next === undefined) return undefined;
      dir = next;
    }
    return dir;
  }

  /** The directory `name` of a writable directory, writable too. */
  childDir(parent: DirNode, name: string): DirNode | undefined {
    const child = parent.children.get(name);
    if (child?.children === undefined) return undefined;
    const owned = this.#own(child);
    if (owned !== child) parent.children.set(name, owned);
    return owned;
  }

  /** Put an empty directory at `name`, in place of whatever is there. */
  addDir(parent: DirNode, name: string, path: string, origin: LayerId | undefined): DirNode {
    const dir = makeDir(path, origin);
    this.#owned.add(dir);
    parent.children.set(name, dir);
    return dir;
  }

  #own(node: TreeNode): DirNode {
    if (this.#owned.has(node)) return node as DirNode;
    if (node.entry.type !== 'dir') throw new TypeError(`${node.entry.path} is not a directory`);
    const copy: DirNode = { entry: node.entry, origin: node.origin, children: new Map(node.children) };
    this.#owned.add(copy);
    return copy;
  }
}
