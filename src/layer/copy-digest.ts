import { hasWildcard } from '../base/index.ts';
import type { Digest } from '../oci/index.ts';
import {
  contentsDigest,
  type DigestMemo,
  digestOfText,
  type FileDigester,
  frame,
  selectionDigest,
  treeDigest,
} from './content-digest.ts';
import { type CopySelection, type CopySource, copySources } from './copy-source.ts';
import { compileCopyFilter, walkCopy } from './copy-walk.ts';
import { joinPath } from './path-order.ts';
import { type FileNode, isFileNode, type Tree, type TreeNode } from './tree.ts';

/**
 * The content key of a copy's source: a digest of exactly what the copy would take. For a directory its contents, not its name;
 * for a file, and for all that a wildcard matched, the base name too. What the patterns leave out does not count.
 *
 * @throws {SlipwayError} as `copySources`.
 */
export function copySourceDigest(source: Tree, action: CopySelection, digestOfFile: FileDigester, memo?: DigestMemo): Digest {
  const isPattern = action.allowWildcard && hasWildcard(action.src);
  let text = '';
  for (const from of copySources(source, action)) {
    const name = isPattern || from.node.children === undefined ? from.name : '';
    const kind = from.node.children === undefined ? 'leaf' : 'contents';
    text += frame(kind, name, sourceDigest(from, action, digestOfFile, memo));
  }
  return digestOfText(text);
}

/** The files whose digests `copySourceDigest` will ask for: each once, for callers that hash in bulk. */
export function filesOfCopy(source: Tree, action: CopySelection): Iterable<FileNode> {
  const files = new Set<FileNode>();
  for (const from of copySources(source, action)) {
    for (const { node } of chosenPaths(from, action)) if (isFileNode(node)) files.add(node);
  }
  return files;
}

function sourceDigest(from: CopySource, action: CopySelection, digestOfFile: FileDigester, memo: DigestMemo | undefined): Digest {
  if (from.node.children === undefined) return treeDigest(from.node, digestOfFile);
  const isWhole = action.includePatterns.length === 0 && action.excludePatterns.length === 0;
  return isWhole ? contentsDigest(from.node, digestOfFile, memo) : selectionDigest(chosenPaths(from, action), digestOfFile);
}

/** All that is taken of one source, parents on the way included, with the path below the source. */
function chosenPaths(from: CopySource, action: CopySelection): { readonly path: string; readonly node: TreeNode }[] {
  if (from.node.children === undefined) return [{ path: '', node: from.node }];
  const chosen: { path: string; node: TreeNode }[] = [];
  const choose = (parent: string, name: string, node: TreeNode): string => {
    const path = joinPath(parent, name);
    chosen.push({ path, node });
    return path;
  };
  walkCopy(from.node, compileCopyFilter(action.includePatterns, action.excludePatterns), '', {
    enterDir: choose,
    leaveDir: () => undefined,
    leaf: choose,
  });
  return chosen;
}
