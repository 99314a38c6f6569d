import { SlipwayError } from '../base/index.ts';
import { type CopySelection, type CopySource, clean, copySources } from './copy-source.ts';
import { compileCopyFilter, walkCopy } from './copy-walk.ts';
import { addDir, type Draft, makeDirs, newNode, put, removeAt, setDirEntry, touch } from './draft.ts';
import { graftFile, type Stamp } from './graft.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { type Destination, notDirectory, resolveDestination } from './resolve.ts';
import { parseSymbolicMode } from './symbolic-mode.ts';
import { type DirNode, isFileNode, type Tree, type TreeNode } from './tree.ts';

/** The copy action of a file op, as far as this folder needs it. */
export interface CopyAction extends CopySelection {
  /** A trailing `/` or `/.` makes it a directory. */
  readonly dest: string;
  /** Permission bits for all that is copied and made; -1 keeps the source's. */
  readonly mode: number;
  /** A symbolic mode, relative to each source entry's; goes before `mode`. Empty for none. */
  readonly modeStr: string;
  readonly dirCopyContents: boolean;
  readonly createDestPath: boolean;
  readonly alwaysReplaceExistingDestPaths: boolean;
  /** Unix nanoseconds for all that is copied and made, -1 when unset. */
  readonly timestampNs: bigint;
}

/** What an action cannot know by itself. */
export interface ActionOptions {
  /** Owner of everything the action makes. Absent: copies keep theirs, made directories belong to root. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** The time of what is made now, and of directories that something was put into or removed from. */
  readonly nowSec: number;
}

/**
 * Copy from `source` into the draft. A graft: no byte moves, each file points at the layer that has its content.
 * Files with several names in one copied tree stay hard links of each other; links and pipes become several, as in BuildKit.
 *
 * @throws {SlipwayError} `LAYER_NOT_FOUND`, `LAYER_NOT_DIRECTORY`, `LAYER_IS_DIRECTORY`, `LAYER_SYMLINK_LOOP`,
 * `LAYER_BAD_MODE`, `PATTERN_SYNTAX`. The draft is then of no use any more.
 */
export function copy(draft: Draft, source: Tree, action: CopyAction, options: ActionOptions): void {
  for (const from of copySources(source, action)) copyOne(draft, from, action, options);
}

/** `copy` for one of its sources: for callers that treat some of them in another way, as ADD does with archives. */
export function copyOne(draft: Draft, from: CopySource, action: CopyAction, options: ActionOptions): void {
  const copier = new Copier(draft, action, options);
  const dest = copier.prepareDestination(from);
  if (from.node.children === undefined) copier.copyLeaf(copier.parentDir(dest), baseOf(dest), from.node);
  else copier.copyTop(from.node, dest);
}

class Copier {
  readonly #draft: Draft;
  readonly #action: CopyAction;
  readonly #options: ActionOptions;
  readonly #changeMode: (mode: number, isDir: boolean) => number;
  readonly #timeSec: number | undefined;
  readonly #made: Stamp;
  /** Copies of files already made, so that further names become hard links. */
  readonly #copies = new Map<TreeNode, TreeNode>();

  constructor(draft: Draft, action: CopyAction, options: ActionOptions) {
    this.#draft = draft;
    this.#action = action;
    this.#options = options;
    const { mode, modeStr, timestampNs } = action;
    if (modeStr !== '') this.#changeMode = parseSymbolicMode(modeStr);
    else this.#changeMode = mode < 0 ? (own) => own : () => mode & 0o7777;
    this.#timeSec = timestampNs < 0n ? undefined : Number(timestampNs / 1_000_000_000n);
    this.#made = {
      mode: modeStr === '' && mode >= 0 ? mode & 0o777 : 0o755,
      uid: options.owner?.uid ?? 0,
      gid: options.owner?.gid ?? 0,
      mtimeSec: this.#timeSec ?? options.nowSec,
    };
  }

  /** Make the directories that are missing and say which path, symlinks resolved, the source becomes. */
  prepareDestination(from: CopySource): string {
    const { dest, dirCopyContents, createDestPath } = this.#action;
    if (createDestPath) {
      const isDir = /(^|\/)\.?$/.test(dest);
      makeDirs(this.#draft, this.#locate(isDir ? dest : parentOf(dest)).path, this.#made);
    }
    const found = this.#locate(clean(dest));
    if (!createDestPath && this.#locate(parentOf(found.path)).node === undefined) {
      throw new SlipwayError('LAYER_NOT_FOUND', `"/${parentOf(found.path)}": not found`, { hint: 'create the directory first' });
    }
    const isDir = from.node.children !== undefined;
    const isDestDir = found.node?.children !== undefined;
    const goesInside = isDir ? !dirCopyContents && found.node !== undefined : isDestDir;
    const path = goesInside ? joinPath(found.path, from.name) : found.path;
    const isNewTop = isDir && dirCopyContents && found.node === undefined;
    makeDirs(this.#draft, isNewTop ? path : parentOf(path), this.#made);
    return path;
  }

  parentDir(path: string): DirNode {
    return makeDirs(this.#draft, parentOf(path), this.#made);
  }

  /** The top keeps owner and mode when it exists, also when it was made a moment ago; its time is the source's. */
  copyTop(from: TreeNode, path: string): void {
    const isRoot = path === '';
    const parent = isRoot ? undefined : this.parentDir(path);
    const existing = parent?.children.get(baseOf(path));
    const isNew = !isRoot && existing === undefined;
    const top = parent === undefined ? this.#draft.editor.root() : this.#enter(parent, baseOf(path), from);
    const filter = compileCopyFilter(this.#action.includePatterns, this.#action.excludePatterns);
    walkCopy(from, filter, top, {
      enterDir: (dir, name, node, isTaken) => (isTaken ? this.#enter(dir, name, node) : this.#enterOnTheWay(dir, name, node)),
      leaveDir: (dir, node, isTaken) => this.#leave(dir, node, isTaken),
      leaf: (dir, name, node) => this.copyLeaf(dir, name, node),
    });
    if (isNew) this.#describe(top, from);
    else touch(top, this.#timeSec ?? from.entry.mtimeSec);
  }

  copyLeaf(dir: DirNode, name: string, node: TreeNode): void {
    const path = joinPath(dir.entry.path, name);
    const existing = dir.children.get(name);
    if (existing?.children !== undefined && !this.#action.alwaysReplaceExistingDestPaths) throw isDirectory(path);
    const { nowSec } = this.#options;
    const earlier = this.#copies.get(node);
    if (earlier !== undefined) return put(dir, name, earlier, nowSec);
    const copied = this.#copyOf(node, path);
    if (isFileNode(node)) this.#copies.set(node, copied);
    put(dir, name, copied, nowSec);
  }

  #copyOf(node: TreeNode, path: string): TreeNode {
    const stamp = this.#stamp(node);
    if (isFileNode(node)) return newNode(graftFile(node, path, stamp));
    return newNode({ ...node.entry, ...stamp, path });
  }

  #enter(parent: DirNode, name: string, node: TreeNode): DirNode {
    const existing = parent.children.get(name);
    if (existing !== undefined && existing.children === undefined) this.#replace(joinPath(parent.entry.path, name));
    const dir = this.#draft.editor.childDir(parent, name);
    if (dir !== undefined) return dir;
    touch(parent, this.#options.nowSec);
    return addDir(this.#draft, parent, name, this.#stamp(node));
  }

  /** A parent of something taken: made like the source's, but of the time it is made. One that exists gets the source's bare mode and nothing else. */
  #enterOnTheWay(parent: DirNode, name: string, node: TreeNode): DirNode {
    const isNew = parent.children.get(name)?.children === undefined;
    const dir = this.#enter(parent, name, node);
    if (isNew) this.#describe(dir, node);
    else if (dir.entry.mode !== node.entry.mode) setDirEntry(dir, { ...dir.entry, mode: node.entry.mode });
    return dir;
  }

  #leave(dir: DirNode, node: TreeNode, isTaken: boolean): void {
    if (isTaken) this.#describe(dir, node);
  }

  #describe(dir: DirNode, node: TreeNode): void {
    setDirEntry(dir, { type: 'dir', path: dir.entry.path, ...this.#stamp(node), xattrs: node.entry.xattrs });
  }

  #stamp(node: TreeNode): Stamp {
    const { entry } = node;
    return {
      mode: entry.type === 'symlink' ? entry.mode : this.#changeMode(entry.mode, entry.type === 'dir'),
      uid: this.#options.owner?.uid ?? entry.uid,
      gid: this.#options.owner?.gid ?? entry.gid,
      mtimeSec: this.#timeSec ?? entry.mtimeSec,
    };
  }

  #replace(path: string): void {
    if (!this.#action.alwaysReplaceExistingDestPaths) throw notDirectory(path);
    removeAt(this.#draft, path, this.#options.nowSec);
  }

  #locate(path: string): Destination {
    return resolveDestination(this.#draft.editor.tree, path, { followLast: true });
  }
}

function isDirectory(path: string): SlipwayError {
  return new SlipwayError('LAYER_IS_DIRECTORY', `cannot replace to directory /${path} with file`, {
    hint: `end the destination with \`/\` to copy into \`/${path}\`, or remove the directory in an earlier step`,
  });
}
