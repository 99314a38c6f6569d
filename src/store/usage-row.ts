import type { DiskMeter } from './disk.ts';
import type { Inventory } from './inventory.ts';
import type { Store } from './store.ts';

/** What a row of the listing is. `step` and `base`: a layer that a step made, or that came with an image. */
export type UsageKind =
  | 'step'
  | 'base'
  | 'documents'
  | 'cache-mount'
  | 'context'
  | 'repository'
  | 'half-made'
  | 'left-over'
  | 'bookkeeping';

/** One thing of the store that takes space. */
export interface UsageRow {
  readonly id: string;
  readonly kind: UsageKind;
  readonly description: string;
  /** The file or folder that is there as long as this is. */
  readonly place: string;
  /** Bytes allocated on the disk that no earlier row counts. */
  readonly sizeBytes: number;
  /** Names of the images that need it; a name is missing for an image without one. */
  readonly images: readonly string[];
  /** Do two images or more need it? */
  readonly isShared: boolean;
  /** May `prune` take it? Not what an image needs, nor what a living build has used. */
  readonly isReclaimable: boolean;
  /** Is a build that runs now using it? */
  readonly isInUse: boolean;
  /** Only `prune --all` takes it: it was not made by a step, or is of use to steps to come. */
  readonly needsAll: boolean;
  readonly isMutable: boolean;
  /** ms since 1970. */
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  /** Ids of layers below it, and of those it draws bytes from. */
  readonly parents: readonly string[];
}

/** What rows are made from. */
export interface UsageContext {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly meter: DiskMeter;
  readonly cutoffMs: number;
}
