import { SlipwayError } from '../base/index.ts';
import { digestOf } from '../oci/index.ts';
import type { ActionOptions } from './copy.ts';
import { type Draft, newNode, put } from './draft.ts';
import { noParent, stampOf } from './mkdir.ts';
import { baseOf, parentOf } from './path-order.ts';
import { resolveDestination } from './resolve.ts';

/** The mkfile action of a file op. */
export interface MkfileAction {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  /** Unix nanoseconds, -1 when unset. */
  readonly timestampNs: bigint;
}

/**
 * Write a file; its bytes stay in the entry. Symlinks on the way and at the end are followed inside the root.
 *
 * @throws {SlipwayError} `LAYER_NOT_FOUND` no parent; `LAYER_IS_DIRECTORY`; `LAYER_NOT_DIRECTORY`; `LAYER_SYMLINK_LOOP`.
 */
export function mkfile(draft: Draft, action: MkfileAction, options: ActionOptions): void {
  const { path, node } = resolveDestination(draft.editor.tree, action.path, { followLast: true });
  if (node?.children !== undefined) {
    throw new SlipwayError('LAYER_IS_DIRECTORY', `cannot replace to directory /${path} with file`, {
      hint: 'choose another file name',
    });
  }
  const parent = draft.editor.dir(parentOf(path));
  if (parent === undefined) throw noParent(path);
  const data = Buffer.from(action.data.buffer, action.data.byteOffset, action.data.byteLength);
  const file = newNode({
    type: 'file',
    path,
    ...stampOf(action, options, action.mode & 0o777),
    sizeBytes: data.byteLength,
    digest: digestOf(data),
    content: { kind: 'inline', base64: data.toString('base64') },
  });
  put(parent, baseOf(path), file, options.nowSec);
}
