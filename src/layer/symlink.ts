import { SlipwayError } from '../base/index.ts';
import type { ActionOptions } from './copy.ts';
import { clean } from './copy-source.ts';
import { type Draft, newNode, put } from './draft.ts';
import { noParent, stampOf } from './mkdir.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { resolveDestination } from './resolve.ts';

/** The symlink action of a file op. */
export interface SymlinkAction {
  /** The target, kept as written. */
  readonly oldpath: string;
  readonly newpath: string;
  /** Unix nanoseconds, -1 when unset. */
  readonly timestampNs: bigint;
}

/**
 * Make a symbolic link.
 *
 * @throws {SlipwayError} `LAYER_EXISTS` the name is taken; `LAYER_NOT_FOUND` no parent; `LAYER_NOT_DIRECTORY`; `LAYER_SYMLINK_LOOP`.
 */
export function symlink(draft: Draft, action: SymlinkAction, options: ActionOptions): void {
  const name = baseOf(clean(action.newpath));
  const { path } = resolveDestination(draft.editor.tree, parentOf(clean(action.newpath)), { followLast: true });
  const at = joinPath(path, name);
  const parent = draft.editor.dir(path);
  if (parent === undefined) throw noParent(at);
  if (name === '' || parent.children.has(name)) {
    throw new SlipwayError('LAYER_EXISTS', `cannot make the link \`/${at}\`: it exists`, {
      hint: 'remove it first, or choose another name',
    });
  }
  put(
    parent,
    name,
    newNode({ type: 'symlink', path: at, target: action.oldpath, ...stampOf(action, options, 0o777) }),
    options.nowSec,
  );
}
