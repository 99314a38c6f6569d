import type { LayerId } from '../layer/index.ts';

/** What an op gives: plain data, so that it can be remembered. */
export type OpResult =
  /** A file system: layers, bottom first; none is the empty one. */
  | { readonly kind: 'snapshot'; readonly layers: readonly LayerId[] }
  /** A directory of the host as it is during this build. Never remembered. */
  | { readonly kind: 'live'; readonly source: string };

export const emptySnapshot: OpResult = { kind: 'snapshot', layers: [] };
