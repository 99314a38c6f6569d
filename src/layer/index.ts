export { buildTree, extendTree } from './build-tree.ts';
export {
  contentsDigest,
  type DigestMemo,
  type FileDigester,
  layerContentDigest,
  selectionDigest,
  treeDigest,
} from './content-digest.ts';
export { type ActionOptions, type CopyAction, copy, copyOne } from './copy.ts';
export { copySourceDigest, filesOfCopy } from './copy-digest.ts';
export { type CopySelection, type CopySource, copySources, matchPaths, notFound } from './copy-source.ts';
export { type CopyFilter, type CopyVisitor, compileCopyFilter, walkCopy } from './copy-walk.ts';
export { type DiffOptions, diffTrees } from './diff.ts';
export { createDraft, type Draft } from './draft.ts';
export type {
  Content,
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
export { contentOf, graftEntry } from './graft.ts';
export { decodeIndex, encodeIndex } from './index-codec.ts';
export { type MkdirAction, mkdir } from './mkdir.ts';
export { type MkfileAction, mkfile } from './mkfile.ts';
export { expandOpaque, normalizeLayer, type OpaqueMarker } from './normalize.ts';
export { type AccountFiles, lookupGroup, lookupOwner, lookupUser, type OwnerIds, type OwnerName } from './owner.ts';
export { baseOf, comparePaths, joinPath, parentOf, sortEntries } from './path-order.ts';
export { type Destination, type Resolved, type ResolveOptions, resolve, resolveDestination } from './resolve.ts';
export { type RmAction, rm } from './rm.ts';
export { type ModeChange, parseSymbolicMode } from './symbolic-mode.ts';
export { type SymlinkAction, symlink } from './symlink.ts';
export {
  childrenOf,
  emptyTree,
  type FileNode,
  isFileNode,
  type NodeEntry,
  nodeAt,
  type Tree,
  type TreeNode,
  walkTree,
} from './tree.ts';
export { unpack } from './unpack.ts';
