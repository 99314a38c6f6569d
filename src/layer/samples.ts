import { type Digest, digestOf } from '../oci/index.ts';
import { buildTree } from './build-tree.ts';
import type { CopyAction } from './copy.ts';
import type {
  DirEntry,
  Entry,
  FileEntry,
  HardlinkEntry,
  LayerId,
  LayerIndex,
  SpecialEntry,
  SymlinkEntry,
  WhiteoutEntry,
} from './entry.ts';
import { sortEntries } from './path-order.ts';
import { type FileNode, type Tree, walkTree } from './tree.ts';

// Entries and trees for tests.

type Meta = Partial<Pick<FileEntry, 'mode' | 'uid' | 'gid' | 'mtimeSec' | 'xattrs'>>;

const plain = { uid: 0, gid: 0, mtimeSec: 1000 } as const;

/** A file with the content `text`. */
export function file(path: string, text: string = path, meta: Meta = {}): FileEntry {
  return { type: 'file', path, mode: 0o644, ...plain, ...meta, sizeBytes: Buffer.byteLength(text), digest: digestOf(text) };
}

export function dir(path: string, meta: Meta & { readonly opaque?: boolean } = {}): DirEntry {
  return { type: 'dir', path, mode: 0o755, ...plain, ...meta };
}

export function link(path: string, target: string, meta: Meta = {}): SymlinkEntry {
  return { type: 'symlink', path, mode: 0o777, ...plain, ...meta, target };
}

export function hardlink(path: string, target: string): HardlinkEntry {
  return { type: 'hardlink', path, target };
}

export function fifo(path: string): SpecialEntry {
  return { type: 'fifo', path, mode: 0o644, ...plain, major: 0, minor: 0 };
}

export function whiteout(path: string): WhiteoutEntry {
  return { type: 'whiteout', path };
}

export function layer(id: string, ...entries: readonly Entry[]): LayerIndex {
  return { id: id as LayerId, entries: sortEntries(entries) };
}

/** A tree of one layer with the id `id`. */
export function treeOf(id: string, ...entries: readonly Entry[]): Tree {
  return buildTree([layer(id, ...entries)]);
}

/** `type path`, with the link target where there is one, for each node. */
export function listing(tree: Tree): string[] {
  return [...walkTree(tree.root)].map(({ path, node }) => {
    const { entry } = node;
    if (entry.type === 'symlink') return `symlink ${path} -> ${entry.target}`;
    return `${entry.type} ${path}`;
  });
}

/** `type path` of each entry. */
export function names(entries: readonly Entry[]): string[] {
  return entries.map((entry) =>
    entry.type === 'hardlink' ? `hardlink ${entry.path} -> ${entry.target}` : `${entry.type} ${entry.path}`,
  );
}

/** The digest that `file` gave. */
export function knownDigest(node: FileNode): Digest {
  return node.entry.digest ?? digestOf(node.entry.path);
}

/** A COPY as the Dockerfile frontend asks for it. */
export function copyAction(src: string, dest: string, more: Partial<CopyAction> = {}): CopyAction {
  return {
    src,
    dest,
    mode: -1,
    modeStr: '',
    followSymlink: true,
    dirCopyContents: true,
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    includePatterns: [],
    excludePatterns: [],
    alwaysReplaceExistingDestPaths: false,
    requiredPaths: [],
    timestampNs: -1n,
    ...more,
  };
}
