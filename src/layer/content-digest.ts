import { hasRawBytes } from '../base/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import type { Entry, FileEntry } from './entry.ts';
import { type FileNode, childrenOf, isFileNode, type NodeEntry, type TreeNode } from './tree.ts';

/** Gives the digest of a file's content. Asked once per name of a file; keep what is costly. */
export type FileDigester = (node: FileNode) => Digest;

/** Digests of directories already known. Keep one as long as `digestOf` gives the same answers. */
export type DigestMemo = WeakMap<TreeNode, Digest>;

/**
 * The content digest of a node and all below it: type, mode, owner, size, link target, device, xattrs, bytes, and names below.
 * Never times, inodes or link counts, and not the node's own name.
 */
export function treeDigest(node: TreeNode, digestOfFile: FileDigester, memo: DigestMemo = new WeakMap()): Digest {
  if (node.children === undefined) return digestOfText(record(node.entry, () => leafContent(node, digestOfFile)));
  const known = memo.get(node);
  if (known !== undefined) return known;
  const digest = digestOfText(
    frame(
      'dir',
      record(node.entry, () => ''),
    ) + childrenText(node, digestOfFile, memo),
  );
  memo.set(node, digest);
  return digest;
}

/** The digest of what is in a directory: names and digests of the children, but nothing of the directory itself. */
export function contentsDigest(dir: TreeNode, digestOfFile: FileDigester, memo: DigestMemo = new WeakMap()): Digest {
  return digestOfText(childrenText(dir, digestOfFile, memo));
}

/** The digest of chosen paths, each with its own entry only: what is below a directory counts where it was chosen too. */
export function selectionDigest(
  chosen: Iterable<{ readonly path: string; readonly node: TreeNode }>,
  digestOfFile: FileDigester,
): Digest {
  let text = '';
  for (const { path, node } of chosen)
    text += frame(
      path,
      record(node.entry, () => leafContent(node, digestOfFile)),
    );
  return digestOfText(text);
}

/** The content digest of one layer's entries, in index order: what `treeDigest` counts, and whiteouts and hard links. */
export function layerContentDigest(entries: readonly Entry[], digestOfFile: (entry: FileEntry) => Digest): Digest {
  let text = '';
  for (const entry of entries) {
    if (entry.type === 'whiteout') text += frame(entry.path, entry.type);
    else if (entry.type === 'hardlink') text += frame(entry.path, frame(entry.type, entry.target));
    else {
      const kind = entry.type === 'dir' && entry.opaque === true ? 'opaque' : '';
      text += frame(
        entry.path,
        record(entry, () => (entry.type === 'file' ? digestOfFile(entry) : kind)),
      );
    }
  }
  return digestOfText(text);
}

/** Each field with its length in front, so that no two lists of fields give the same text. */
export function frame(...fields: readonly string[]): string {
  let text = '';
  for (const field of fields) text += `${field.length}:${field}`;
  return text;
}

export function digestOfText(text: string): Digest {
  // Lone surrogates would all become the same three bytes of UTF-8.
  return digestOf(hasRawBytes(text) ? `raw:${JSON.stringify(text)}` : text);
}

function childrenText(dir: TreeNode, digestOfFile: FileDigester, memo: DigestMemo): string {
  let text = '';
  for (const [name, node] of childrenOf(dir)) {
    if (node.children === undefined)
      text += frame(
        name,
        record(node.entry, () => leafContent(node, digestOfFile)),
      );
    else text += frame(name, treeDigest(node, digestOfFile, memo));
  }
  return text;
}

function leafContent(node: TreeNode, digestOfFile: FileDigester): string {
  return isFileNode(node) ? digestOfFile(node) : '';
}

/** Everything that counts of one entry, its name apart. */
function record(entry: NodeEntry, content: () => string): string {
  const mode = entry.type === 'symlink' ? 0o777 : entry.mode;
  const head = `${entry.type} ${mode} ${entry.uid} ${entry.gid} `;
  const text = head + particulars(entry) + frame(content());
  return entry.xattrs === undefined ? text : text + xattrText(entry.xattrs);
}

function particulars(entry: NodeEntry): string {
  switch (entry.type) {
    case 'file':
      return `${entry.sizeBytes} `;
    case 'dir':
      return '';
    case 'symlink':
      return frame(entry.target);
    case 'char':
    case 'block':
    case 'fifo':
      return `${entry.major} ${entry.minor} `;
  }
}

/** Names that begin `security.` or `system.` belong to the machine, not the content; capabilities are the exception. */
function xattrText(xattrs: Readonly<Record<string, string>>): string {
  const names = Object.keys(xattrs).filter((name) => name === 'security.capability' || !/^(security|system)\./.test(name));
  return names
    .sort()
    .map((name) => frame(name, xattrs[name] ?? ''))
    .join('');
}
