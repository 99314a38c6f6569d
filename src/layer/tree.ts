import type { DirEntry, FileEntry, LayerId, SpecialEntry, SymlinkEntry } from './entry.ts';
import { comparePaths } from './path-order.ts';

/** What a merged tree can hold: whiteouts are applied, hard links resolved. */
export type NodeEntry = FileEntry | DirEntry | SymlinkEntry | SpecialEntry;

/** One inode of a tree. A file with several names is one node under each of them. Never changes once a `Tree` shows it. */
export interface TreeNode {
  /** `entry.path` is where the node stands in the layer `origin`; for a file with several names, the first of them. */
  readonly entry: NodeEntry;
  /** The layer the entry came from, and where its bytes are unless `entry.content` says otherwise. Undefined in a draft. */
  readonly origin: LayerId | undefined;
  /** Set for directories only. In no particular order: see `childrenOf`. */
  readonly children: ReadonlyMap<string, TreeNode> | undefined;
}

/** A file node. */
export interface FileNode extends TreeNode {
  readonly entry: FileEntry;
}

/** The file system that a stack of layers shows. An immutable value. */
export interface Tree {
  readonly root: TreeNode;
}

export const emptyTree: Tree = { root: makeDir('', undefined) };

export function isFileNode(node: TreeNode): node is FileNode {
  return node.entry.type === 'file';
}

/** The children of a directory, by name in index order; none for anything else. */
export function childrenOf(node: TreeNode): readonly (readonly [string, TreeNode])[] {
  if (node.children === undefined) return [];
  const children = [...node.children];
  for (let at = 1; at < children.length; at++) {
    if (comparePaths(children[at - 1]?.[0] ?? '', children[at]?.[0] ?? '') > 0) {
      return children.sort((a, b) => comparePaths(a[0], b[0]));
    }
  }
  return children;
}

/** The node at exactly `path`: no symlink is followed. */
export function nodeAt(tree: Tree, path: string): TreeNode | undefined {
  let node: TreeNode | undefined = tree.root;
  if (path === '') return node;
  for (const name of path.split('/')) {
    node = node.children?.get(name);
    if (node === undefined) return undefined;
  }
  return node;
}

/** Every node below `from` with its path, in index order; the root itself is left out. */
export function* walkTree(from: TreeNode, path = ''): Generator<{ readonly path: string; readonly node: TreeNode }> {
  for (const [name, node] of childrenOf(from)) {
    const at = path === '' ? name : `${path}/${name}`;
    yield { path: at, node };
    if (node.children !== undefined) yield* walkTree(node, at);
  }
}

/** A directory that may still be written to. */
export interface DirNode {
  entry: DirEntry;
  origin: LayerId | undefined;
  readonly children: Map<string, TreeNode>;
}

/** A directory nobody described: 0755, root, time zero. */
export function makeDir(path: string, origin: LayerId | undefined): DirNode {
  const entry: DirEntry = { type: 'dir', path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 };
  return { entry, origin, children: new Map() };
}
