import { mkdirSync } from 'node:fs';
import type { HostPath } from '../base/index.ts';
import {
  emptyTree,
  extendTree,
  type FileEntry,
  isFileNode,
  type LayerId,
  type Tree,
  type TreeNode,
  walkTree,
} from '../layer/index.ts';
import type { Store } from '../store/index.ts';
import type { Content } from './content.ts';
import { writeTree } from './write-tree.ts';

export interface LowersOptions {
  readonly store: Store;
  readonly content: Content;
  /** A path where a directory may be made; it has to stay for as long as the lowers are mounted. */
  readonly scratch: HostPath;
  readonly signal: AbortSignal;
}

/**
 * The directories to stack for `layers` (bottom first), topmost first, ready for an overlay.
 *
 * Directory forms share the inodes of equal files. Where two files of one stack do, programs would take them for hard links of
 * each other (`cp` and `mv` refuse, `tar` stores one of them as a link), so all but one get a copy in a directory on top.
 */
export async function prepareLowers(
  layers: readonly LayerId[],
  { store, content, scratch, signal }: LowersOptions,
): Promise<HostPath[]> {
  // What stands in a stack twice counts where it is topmost; overlayfs takes no directory twice.
  const stack = layers.filter((layer, index) => layers.lastIndexOf(layer) === index);
  const lowers: HostPath[] = [];
  for (const layer of stack) lowers.unshift(await content.ensureDirectory(layer, signal));
  if (!maySharePart(stack, store)) return lowers;
  let tree = emptyTree;
  for (const layer of stack) tree = extendTree(tree, store.layers.index(layer));
  const twins = findTwins(tree);
  if (twins.size === 0) return lowers;
  mkdirSync(scratch, 0o755);
  const isChosen = (path: string, node: TreeNode): boolean => twins.has(node.children === undefined ? node : path);
  await writeTree(tree.root, scratch, { content, signal, isChosen });
  return [scratch, ...lowers];
}

/** Do two of these layers take their bytes from one? */
function maySharePart(stack: readonly LayerId[], store: Store): boolean {
  const seen = new Set<LayerId>();
  for (const layer of stack) {
    for (const part of [layer, ...(store.layers.info(layer)?.refs ?? [])]) {
      if (seen.has(part)) return true;
      seen.add(part);
    }
  }
  return false;
}

/** Files that may be the same inode as one that comes before them, and the paths of the directories that they are in. */
function findTwins(tree: Tree): ReadonlySet<TreeNode | string> {
  const first = new Map<string, TreeNode>();
  const twins = new Set<TreeNode | string>();
  for (const { path, node } of walkTree(tree.root)) {
    if (!isFileNode(node) || node.entry.sizeBytes === 0) continue;
    const inode = inodeOf(node.origin, node.entry);
    const before = first.get(inode);
    if (before === undefined) first.set(inode, node);
    if (before === undefined || before === node) continue;
    twins.add(node);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) twins.add(path.slice(0, slash));
  }
  return twins;
}

/** Equal for files that a link could join: bytes from one place, the same owner, mode and time. */
function inodeOf(origin: LayerId | undefined, { content, path, mode, uid, gid, mtimeSec }: FileEntry): string {
  const bytes =
    content === undefined
      ? `${origin} ${path}`
      : content.kind === 'layer'
        ? `${content.layer} ${content.path}`
        : `${origin} ${path}`;
  return `${mode} ${uid} ${gid} ${mtimeSec} ${bytes}`;
}
