import { SlipwayError } from '../base/index.ts';
import type { ActionOptions } from './copy.ts';
import { clean } from './copy-source.ts';
import { addDir, type Draft, makeDirs, newNode, put, removeAt, setDirEntry, touch } from './draft.ts';
import type { Entry } from './entry.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { resolveDestination } from './resolve.ts';
import { type DirNode, emptyTree, nodeAt, type NodeEntry, type TreeNode } from './tree.ts';

/**
 * Extract an archive into `dest`, as ADD does. `entries` come in the archive's order, later ones win; their paths are relative to
 * `dest`, and each file says in `content` where its bytes are. Directories are merged, all else replaced; symlinks on the
 * way, also those the archive itself made, are followed as if `dest` were the root. `dest` keeps its owner and mode when it exists.
 *
 * @throws {SlipwayError} `LAYER_OUTSIDE_ROOT` a name climbs out of `dest`; `LAYER_BAD_HARDLINK`; `LAYER_NOT_DIRECTORY`;
 * `LAYER_SYMLINK_LOOP`.
 */
export function unpack(draft: Draft, dest: string, entries: Iterable<Entry>, options: ActionOptions): void {
  const top = resolveDestination(draft.editor.tree, clean(dest), { followLast: true }).path;
  const stamp = { mode: 0o755, uid: options.owner?.uid ?? 0, gid: options.owner?.gid ?? 0, mtimeSec: options.nowSec };
  makeDirs(draft, top, stamp);
  // A directory's time is set last: what is put into it would change it.
  const times = new Map<string, number>();
  for (const entry of entries) {
    const path = inside(top, entry.path);
    if (path === top || entry.type === 'whiteout') continue;
    const parentPath = locate(draft, top, parentOf(path));
    const parent = makeDirs(draft, parentPath, { ...stamp, uid: 0, gid: 0 });
    const at = joinPath(parentPath, baseOf(path));
    if (entry.type === 'dir') {
      unpackDir(draft, parent, { ...entry, path: at }, options);
      times.set(at, entry.mtimeSec);
    } else {
      const node = entry.type === 'hardlink' ? linked(draft, top, entry) : newNode(owned({ ...entry, path: at }, options));
      if (nodeAt(draft.editor.tree, at)?.children !== undefined) removeAt(draft, at, options.nowSec);
      put(parent, baseOf(at), node, options.nowSec);
    }
  }
  for (const [path, mtimeSec] of times) {
    const dir = draft.editor.dir(path);
    if (dir !== undefined) touch(dir, mtimeSec);
  }
}

function unpackDir(draft: Draft, parent: DirNode, entry: NodeEntry, options: ActionOptions): void {
  const name = baseOf(entry.path);
  const stamped = owned(entry, options);
  const existing = draft.editor.childDir(parent, name);
  if (existing === undefined) touch(parent, options.nowSec);
  const dir = existing ?? addDir(draft, parent, name, stamped);
  setDirEntry(dir, {
    type: 'dir',
    path: entry.path,
    mode: stamped.mode,
    uid: stamped.uid,
    gid: stamped.gid,
    mtimeSec: stamped.mtimeSec,
    xattrs: stamped.xattrs,
  });
}

function owned(entry: NodeEntry, { owner }: ActionOptions): NodeEntry {
  return owner === undefined ? entry : { ...entry, uid: owner.uid, gid: owner.gid };
}

/** The file that a hard link of the archive names. One of the layers below is copied, because a layer cannot link out of itself. */
function linked(draft: Draft, top: string, link: { readonly path: string; readonly target: string }): TreeNode {
  const target = inside(top, link.target);
  const parent = locate(draft, top, parentOf(target));
  const node = nodeAt(draft.editor.tree, joinPath(parent, baseOf(target)));
  if (node === undefined || node.children !== undefined) {
    throw new SlipwayError(
      'LAYER_BAD_HARDLINK',
      `hard link \`${link.path}\` of the archive names \`${link.target}\`, which is not a file`,
      {
        hint: 'the archive is damaged or incomplete: make it again with the linked file in it',
      },
    );
  }
  return node;
}

function inside(top: string, name: string): string {
  const path = clean(joinPath(top, name));
  if (top === '' || path === top || path.startsWith(`${top}/`)) return path;
  throw new SlipwayError('LAYER_OUTSIDE_ROOT', `the archive names \`${name}\`, which is outside of \`/${top}\``, {
    hint: 'make the archive again without `..` in its names',
  });
}

/** Where `path`, which is `top` or below it, leads for who sees nothing but `top`. */
function locate(draft: Draft, top: string, path: string): string {
  const root = nodeAt(draft.editor.tree, top) ?? emptyTree.root;
  const below = resolveDestination({ root }, path.slice(top.length), { followLast: true }).path;
  return below === '' ? top : joinPath(top, below);
}
