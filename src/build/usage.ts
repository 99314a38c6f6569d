import { statfsSync } from 'node:fs';
import { engineSettings } from '../engine/index.ts';
import {
  listUsage,
  openStore,
  prune,
  type PrunePolicy,
  recoverStore,
  type Store,
  type StoreProblem,
  type UsageKind,
  type UsageRow,
  verifyStore as verify,
} from '../store/index.ts';
import type { EngineOptions } from './options.ts';
import { parseUsageFilters, type UsageType, usageTypes } from './usage-filter.ts';

interface Common {
  readonly engine?: EngineOptions;
  readonly signal?: AbortSignal;
}

/** One thing of the store that takes space. */
export interface UsageRecord {
  readonly id: string;
  readonly kind: UsageKind;
  /** What BuildKit calls its kind. */
  readonly type: UsageType;
  readonly description: string;
  /** Bytes allocated on the disk, none of them counted for another record. */
  readonly sizeBytes: number;
  /** Names of the images that need it. */
  readonly images: readonly string[];
  readonly parents: readonly string[];
  /** Would `prune --all` take it? */
  readonly reclaimable: boolean;
  readonly shared: boolean;
  readonly mutable: boolean;
  readonly inUse: boolean;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly lastUsedAt: string;
}

export interface DiskUsage {
  readonly records: readonly UsageRecord[];
  /** Bytes of the records listed. */
  readonly totalBytes: number;
  readonly sharedBytes: number;
  readonly reclaimableBytes: number;
}

export interface DiskUsageOptions extends Common {
  /** `until=24h`, `type=exec.cachemount`, `id=…`, …; all must hold. */
  readonly filters?: readonly string[];
}

/** What uses space in the store: every byte once, most recently used first. @throws {SlipwayError} `BUILD_BAD_FILTER` */
export async function diskUsage(options: DiskUsageOptions = {}): Promise<DiskUsage> {
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
    ...{ id, kind, type: usageTypes[kind], description, sizeBytes, images, parents },
    reclaimable: row.isReclaimable,
    shared: row.isShared,
    mutable: row.isMutable,
    inUse: row.isInUse,
    createdAt: new Date(row.createdAtMs).toISOString(),
    lastUsedAt: new Date(row.usedAtMs).toISOString(),
  };
}

/** Look for damage: records, layers, and the digest of every blob. Empty when all is well. */
export async function verifyStore(options: Common = {}): Promise<readonly StoreProblem[]> {
  return await verify(await storeOf(options), { signal: signalOf(options) });
}

export interface PruneOptions extends Common {
  /** Also base images, cache mounts, and records of steps whose layers an image needs anyway. */
  readonly all?: boolean;
  readonly filters?: readonly string[];
  /** Stop when what no image needs takes no more than this many bytes, least recently used first. */
  readonly maxUsedBytes?: number;
  /** So much is left whatever the other limits say. */
  readonly reservedBytes?: number;
  /** Free space until the disk has so many bytes free. */
  readonly minFreeBytes?: number;
  readonly dryRun?: boolean;
}

/**
 * Free space: what the cache holds and no image needs. Safe while builds run: what these use stays.
 * Gives what went; `totalBytes` is what it took.
 * @throws {SlipwayError} `BUILD_BAD_FILTER`
 */
export async function pruneStore(options: PruneOptions = {}): Promise<DiskUsage> {
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

async function storeOf({ engine }: Common): Promise<Store> {
  const store = openStore(engineSettings(engine ?? {}, process.env).root);
  await recoverStore(store);
  return store;
}

function signalOf({ signal }: Common): AbortSignal {
  return signal ?? new AbortController().signal;
}
