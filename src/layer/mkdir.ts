import { SlipwayError } from '../base/index.ts';
import type { ActionOptions } from './copy.ts';
import { addDir, type Draft, makeDirs, touch } from './draft.ts';
import type { Stamp } from './graft.ts';
import { baseOf, parentOf } from './path-order.ts';
import { resolveDestination } from './resolve.ts';

/** The mkdir action of a file op. */
export interface MkdirAction {
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  /** Unix nanoseconds for the directories made, -1 when unset. */
  readonly timestampNs: bigint;
}

/**
 * Make a directory; with `makeParents`, those on the way too, with the same owner, mode and time. What exists is left as it is.
 *
 * @throws {SlipwayError} `LAYER_NOT_DIRECTORY`, `LAYER_NOT_FOUND` (the parent, without `makeParents`), `LAYER_SYMLINK_LOOP`.
 */
export function mkdir(draft: Draft, action: MkdirAction, options: ActionOptions): void {
  const stamp = stampOf(action, options, action.mode & 0o777);
  const { path, node } = resolveDestination(draft.editor.tree, action.path, { followLast: true });
  if (node !== undefined) {
    if (node.children === undefined && action.makeParents) throw inTheWay(path);
    return;
  }
  if (action.makeParents) {
    makeDirs(draft, path, stamp);
    return;
  }
  const parent = draft.editor.dir(parentOf(path));
  if (parent === undefined) throw noParent(path);
  touch(parent, options.nowSec);
  addDir(draft, parent, baseOf(path), stamp);
}

function inTheWay(path: string): SlipwayError {
  return new SlipwayError('LAYER_NOT_DIRECTORY', `mkdir /${path}: not a directory`, {
    hint: `\`/${path}\` exists and is no directory: remove it in an earlier step, or name another one`,
  });
}

export function stampOf(action: { readonly timestampNs: bigint }, options: ActionOptions, mode: number): Stamp {
  const mtimeSec = action.timestampNs < 0n ? options.nowSec : Number(action.timestampNs / 1_000_000_000n);
  return { mode, uid: options.owner?.uid ?? 0, gid: options.owner?.gid ?? 0, mtimeSec };
}

export function noParent(path: string): SlipwayError {
  return new SlipwayError('LAYER_NOT_FOUND', `"/${parentOf(path)}": not found`, {
    hint: `create \`/${parentOf(path)}\` before \`/${path}\``,
  });
}
