import { SlipwayError } from '../base/index.ts';
import { clean, matchPaths, notFound } from './copy-source.ts';
import { type Draft, removeAt } from './draft.ts';
import { baseOf, joinPath, parentOf } from './path-order.ts';
import { resolveDestination } from './resolve.ts';

/** The rm action of a file op. */
export interface RmAction {
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}

/**
 * Remove a path with all below it. A symlink at the end is removed itself; those on the way are followed inside the root.
 *
 * @throws {SlipwayError} `LAYER_NOT_FOUND` unless `allowNotFound`; `LAYER_IS_DIRECTORY` for the root; `LAYER_SYMLINK_LOOP`.
 */
export function rm(draft: Draft, action: RmAction, { nowSec }: { readonly nowSec: number }): void {
  const paths = action.allowWildcard ? matchPaths(draft.editor.tree, action.path, false) : [clean(action.path)];
  for (const path of paths) {
    if (path === '')
      throw new SlipwayError('LAYER_IS_DIRECTORY', 'cannot remove the root directory', { hint: 'name a path below `/`' });
    const parent = resolveDestination(draft.editor.tree, parentOf(path), { followLast: true });
    const exists = parent.node?.children?.has(baseOf(path)) === true;
    if (!exists && !action.allowNotFound) throw notFound(draft.editor.tree, path);
    if (exists) removeAt(draft, joinPath(parent.path, baseOf(path)), nowSec);
  }
}
