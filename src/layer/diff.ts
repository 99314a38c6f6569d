import type { Content, Entry } from './entry.ts';
import { contentOf, graftEntry } from './graft.ts';
import { comparePaths, joinPath } from './path-order.ts';
import { childrenOf, type FileNode, isFileNode, type NodeEntry, type Tree, type TreeNode } from './tree.ts';

export interface DiffOptions {
  /** Are these two files, equal in size, equal in bytes? Asked only where digests and origins do not tell. Default: no. */
  readonly sameContent?: (lower: FileNode, upper: FileNode) => boolean;
}

/**
 * What a layer must hold to make `upper` of `lower`: in index order, with the parents of each change, whiteouts for what is
 * gone and hard links between the changed files. Parts that the two trees share are not looked at.
 */
export function diffTrees(lower: Tree, upper: Tree, options: DiffOptions = {}): Entry[] {
  const differ = new Differ(options);
  differ.dir(lower.root, upper.root, '');
  // No layer describes the root itself.
  return differ.entries[0]?.path === '' ? differ.entries.slice(1) : differ.entries;
}

class Differ {
  readonly entries: Entry[] = [];
  readonly #firstName = new Map<TreeNode, string>();
  readonly #options: DiffOptions;

  constructor(options: DiffOptions) {
    this.#options = options;
  }

  /**
   * `upper` is a directory; the entry of one that turns out unchanged is taken back. One call a level: trees can be
   * thousands of levels deep.
   */
  dir(lower: TreeNode | undefined, upper: TreeNode, path: string): void {
    const start = this.entries.length;
    this.entries.push(graftEntry(upper, path));
    const gone = lower === undefined ? [] : childrenOf(lower).filter(([name]) => upper.children?.has(name) === false);
    let nextGone = 0;
    for (const [name, node] of childrenOf(upper)) {
      for (let lost = gone[nextGone]; lost !== undefined && comparePaths(lost[0], name) < 0; lost = gone[nextGone]) {
        this.entries.push({ type: 'whiteout', path: joinPath(path, lost[0]) });
        nextGone += 1;
      }
      const below = lower?.children?.get(name);
      if (below === node) continue;
      if (node.children === undefined) this.#leaf(below, node, joinPath(path, name));
      else this.dir(below, node, joinPath(path, name));
    }
    for (const [lost] of gone.slice(nextGone)) this.entries.push({ type: 'whiteout', path: joinPath(path, lost) });
    const isChanged = this.entries.length > start + 1 || !sameMeta(lower?.entry, upper.entry);
    if (!isChanged) this.entries.length = start;
  }

  #leaf(lower: TreeNode | undefined, upper: TreeNode, path: string): void {
    if (lower !== undefined && this.#sameLeaf(lower, upper)) return;
    const first = this.#firstName.get(upper);
    if (first === undefined) {
      this.#firstName.set(upper, path);
      this.entries.push(graftEntry(upper, path));
    } else this.entries.push({ type: 'hardlink', path, target: first });
  }

  #sameLeaf(lower: TreeNode, upper: TreeNode): boolean {
    // A file put over its equal, time included, changes nothing: BuildKit leaves it out too.
    if (!sameMeta(lower.entry, upper.entry) || lower.entry.mtimeSec !== upper.entry.mtimeSec) return false;
    if (!isFileNode(lower) || !isFileNode(upper)) return true;
    if (sameBytes(contentOf(lower), contentOf(upper))) return true;
    if (lower.entry.digest !== undefined && upper.entry.digest !== undefined) return lower.entry.digest === upper.entry.digest;
    return this.#options.sameContent?.(lower, upper) ?? false;
  }
}

/** The same bytes at the same place. */
function sameBytes(a: Content, b: Content): boolean {
  if (a.kind === 'inline') return b.kind === 'inline' && a.base64 === b.base64;
  return b.kind === 'layer' && a.layer === b.layer && a.path === b.path;
}

/** Equal but for path, time and content? */
function sameMeta(a: NodeEntry | undefined, b: NodeEntry): boolean {
  if (a === undefined || a.type !== b.type || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (!sameXattrs(a.xattrs, b.xattrs)) return false;
  if (a.type === 'dir') return true;
  if (a.type === 'file') return b.type === 'file' && a.sizeBytes === b.sizeBytes;
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target;
  return (b.type === 'char' || b.type === 'block' || b.type === 'fifo') && a.major === b.major && a.minor === b.minor;
}

type Xattrs = Readonly<Record<string, string>> | undefined;

function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  if (a === b) return true;
  const names = Object.keys(a ?? {});
  return names.length === Object.keys(b ?? {}).length && names.every((name) => a?.[name] === b?.[name]);
}
