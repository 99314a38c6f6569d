import { statfsSync } from 'node:fs';
import { engineSettings, recover } from '../engine/index.ts';
import {
  listUsage,
  openStore,
  prune,
  type PrunePolicy,
  type Store,
  type StoreProblem,
  type UsageRow,
  verifyStore as verify,
} from '../store/index.ts';
import type { DiskUsage, DiskUsageOptions, HousekeepingOptions, PruneOptions, UsageRecord } from './usage.ts';
import { parseUsageFilters, usageTypes } from './usage-filter.ts';

/** What uses space in the store: every byte once, most recently used first. @throws {SlipwayError} `BUILD_BAD_FILTER` */
export async function diskUsage(options: DiskUsageOptions): Promise<DiskUsage> {
  const nowMs = Date.now();
  const wants = parseUsageFilters(options.filters ?? [], nowMs);
  const store = await storeOf(options);
  const records = listUsage(store, nowMs).rows.filter(wants);
  return summed(records.sort((a, b) => b.usedAtMs - a.usedAtMs));
}

function summed(rows: readonly UsageRow[]): DiskUsage {
  const sum = (wants: (row: UsageRow) => boolean): number =>
    rows.reduce((bytes, row) => bytes + (wants(row) ? row.sizeBytes : 0), 0);
  return {
    records: rows.map(recordOf),
    totalBytes: sum(() => true),
    sharedBytes: sum(({ isShared }) => isShared),
    reclaimableBytes: sum(({ isReclaimable }) => isReclaimable),
  };
}

function recordOf(row: UsageRow): UsageRecord {
  const { id, kind, description, sizeBytes, images, parents } = row;
  return {
    id,
    kind,
    type: usageTypes[kind],
    description,
    sizeBytes,
    images,
    parents,
    reclaimable: row.isReclaimable,
    shared: row.isShared,
    mutable: row.isMutable,
    inUse: row.isInUse,
    createdAt: new Date(row.createdAtMs).toISOString(),
    lastUsedAt: new Date(row.usedAtMs).toISOString(),
  };
}

/** Look for damage: records, layers, and the digest of every blob. Empty when all is well. */
export async function verifyStore(options: HousekeepingOptions): Promise<readonly StoreProblem[]> {
  return await verify(await storeOf(options), { signal: signalOf(options) });
}

/**
 * Free space: what the cache holds and no image needs. Safe while builds run: what these use stays.
 * Gives what went; `totalBytes` is what it took.
 * @throws {SlipwayError} `BUILD_BAD_FILTER`
 */
export async function pruneStore(options: PruneOptions): Promise<DiskUsage> {
  const nowMs = Date.now();
  const filters = options.filters ?? [];
  const store = await storeOf(options);
  const { removed } = await prune(store, {
    all: options.all,
    wants: filters.length === 0 ? undefined : parseUsageFilters(filters, nowMs),
    keepBytes: keepBytes(options, store),
    dryRun: options.dryRun,
    nowMs,
    signal: signalOf(options),
  });
  return summed(removed);
}

/** `undefined`: nothing has to be kept. */
function keepBytes({ maxUsedBytes, reservedBytes, minFreeBytes }: PruneOptions, store: Store): PrunePolicy['keepBytes'] {
  if (maxUsedBytes === undefined && reservedBytes === undefined && minFreeBytes === undefined) return undefined;
  return (usedBytes) => {
    let keep = maxUsedBytes ?? (minFreeBytes === undefined ? 0 : Number.POSITIVE_INFINITY);
    if (minFreeBytes !== undefined) {
      const { bavail, bsize } = statfsSync(store.paths.root);
      const missingBytes = minFreeBytes - bavail * bsize;
      if (missingBytes > 0) keep = Math.min(keep, usedBytes - missingBytes);
    }
    return Math.max(keep, reservedBytes ?? 0);
  };
}

async function storeOf({ engine }: HousekeepingOptions): Promise<Store> {
  const store = openStore(engineSettings(engine ?? {}, process.env).root);
  await recover(store);
  return store;
}

function signalOf({ signal }: HousekeepingOptions): AbortSignal {
  return signal ?? new AbortController().signal;
}
