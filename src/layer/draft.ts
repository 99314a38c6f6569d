import { type DiffOptions, diffTrees } from './diff.ts';
import type { DirEntry, Entry } from './entry.ts';
import type { Stamp } from './graft.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { notDirectory } from './resolve.ts';
import { type DirNode, type NodeEntry, nodeAt, type Tree, type TreeNode } from './tree.ts';
import { TreeEditor } from './tree-editor.ts';

/**
 * The layer in the making of one file op. Actions (`copy`, `mkdir`, …) write to it; `tree` shows the result so far, and
 * `finish` gives what it adds to its base.
 */
export class Draft {
  readonly base: Tree;
  readonly editor: TreeEditor;

  constructor(base: Tree, start: Tree) {
    this.base = base;
    this.editor = new TreeEditor(start);
  }

  /** The file system as it stands now. Later actions do not change it. */
  tree(): Tree {
    return this.editor.freeze();
  }

  /**
   * The entries of the new layer, in index order: all that differs from the base with every parent directory, a whiteout for
   * each name that is gone. Every file says in `content` where its bytes are. Empty when nothing was done.
   */
  finish(options: DiffOptions = {}): Entry[] {
    return diffTrees(this.base, this.tree(), options);
  }
}

/**
 * Begin a layer on top of `base`. An action that builds on another one's intermediate result starts from that
 * result's tree.
 */
export function createDraft(base: Tree, start: Tree = base): Draft {
  return new Draft(base, start);
}

/**
 * The directory at `path` (resolved: no symlink in it), made with its parents where missing. Writable.
 *
 * @throws {SlipwayError} `LAYER_NOT_DIRECTORY`
 */
export function makeDirs(draft: Draft, path: string, stamp: Stamp): DirNode {
  let dir = draft.editor.root();
  let at = '';
  if (path === '') return dir;
  for (const name of path.split('/')) {
    at = joinPath(at, name);
    const next = dir.children.get(name);
    if (next !== undefined && next.children === undefined) throw notDirectory(at);
    if (next === undefined) touch(dir, stamp.mtimeSec);
    dir = draft.editor.childDir(dir, name) ?? addDir(draft, dir, name, stamp);
  }
  return dir;
}

export function addDir(draft: Draft, parent: DirNode, name: string, stamp: Stamp): DirNode {
  const path = joinPath(parent.entry.path, name);
  const dir = draft.editor.addDir(parent, name, path, undefined);
  dir.entry = { type: 'dir', path, mode: stamp.mode, uid: stamp.uid, gid: stamp.gid, mtimeSec: stamp.mtimeSec };
  return dir;
}

/** Put a node that is no directory at `name`; the directory's time becomes `nowSec`, as a kernel would have it. */
export function put(dir: DirNode, name: string, node: TreeNode, nowSec: number): void {
  dir.children.set(name, node);
  touch(dir, nowSec);
}

export function touch(dir: DirNode, mtimeSec: number): void {
  if (dir.entry.mtimeSec !== mtimeSec) setDirEntry(dir, { ...dir.entry, mtimeSec });
}

export function setDirEntry(dir: DirNode, entry: DirEntry): void {
  dir.entry = entry;
}

/** A node of this draft. */
export function newNode(entry: NodeEntry): TreeNode {
  return { entry, origin: undefined, children: undefined };
}

/** Remove `path` (resolved) with all below. Does nothing when it is not there. */
export function removeAt(draft: Draft, path: string, nowSec: number): void {
  if (path === '' || nodeAt(draft.editor.tree, path) === undefined) return;
  const parent = draft.editor.dir(parentOf(path));
  if (parent === undefined) return;
  parent.children.delete(baseOf(path));
  touch(parent, nowSec);
}
