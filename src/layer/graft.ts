import type { Content, FileEntry } from './entry.ts';
import { type FileNode, isFileNode, type NodeEntry, type TreeNode } from './tree.ts';

/** Owner, mode and time of what an action makes. */
export interface Stamp {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
}

/** Where the bytes of a file node are, seen from any other layer. */
export function contentOf(node: FileNode): Content {
  const { content, path } = node.entry;
  if (content !== undefined) return content;
  if (node.origin === undefined) throw new TypeError(`the file ${path} belongs to no layer`);
  return { kind: 'layer', layer: node.origin, path };
}

/** `node`'s entry as another layer would hold it at `path`. Directories lose nothing; files point at their bytes. */
export function graftEntry(node: TreeNode, path: string): NodeEntry {
  const { entry } = node;
  const isPlaced = entry.path === path;
  if (isFileNode(node)) return isPlaced && node.entry.content !== undefined ? entry : graftFile(node, path, node.entry);
  return isPlaced ? entry : { ...entry, path };
}

/** A file entry at `path` with the bytes of `node`. */
export function graftFile(node: FileNode, path: string, stamp: Stamp): FileEntry {
  const { sizeBytes, digest, xattrs } = node.entry;
  const { mode, uid, gid, mtimeSec } = stamp;
  return { type: 'file', path, mode, uid, gid, mtimeSec, xattrs, sizeBytes, digest, content: contentOf(node) };
}
