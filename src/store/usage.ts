import { createDiskMeter } from './disk.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { protectedSince } from './protected.ts';
import type { Store } from './store.ts';
import { documentRows } from './usage-documents.ts';
import { layerRows } from './usage-layers.ts';
import { otherRows } from './usage-others.ts';
import type { UsageContext, UsageRow } from './usage-row.ts';

export interface Usage {
  readonly rows: readonly UsageRow[];
  readonly inventory: Inventory;
  /** What was noted since then is in use. ms since 1970. */
  readonly cutoffMs: number;
}

/** What takes space in the store. Every byte is counted once. */
export function listUsage(store: Store, nowMs: number): Usage {
  const cutoffMs = protectedSince(store.paths, nowMs);
  const inventory = readInventory(store);
  const meter = createDiskMeter();
  const context: UsageContext = { store, inventory, meter, cutoffMs };
  const rows = [...layerRows(context), ...documentRows(context), ...otherRows(context)];
  return { rows, inventory, cutoffMs };
}
