import type { StoreProblem, UsageKind } from '../store/index.ts';
import type { EngineOptions } from './options.ts';
import type { UsageType } from './usage-filter.ts';

// What looks over the whole store is loaded when somebody asks for it.

export interface HousekeepingOptions {
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

export interface DiskUsageOptions extends HousekeepingOptions {
  /** `until=24h`, `type=exec.cachemount`, `id=…`, …; all must hold. */
  readonly filters?: readonly string[];
}

export interface PruneOptions extends HousekeepingOptions {
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

/** What uses space in the store: every byte once, most recently used first. @throws {SlipwayError} `BUILD_BAD_FILTER` */
export async function diskUsage(options: DiskUsageOptions = {}): Promise<DiskUsage> {
  return await (await import('./housekeeping.ts')).diskUsage(options);
}

/** Look for damage: records, layers, and the digest of every blob. Empty when all is well. */
export async function verifyStore(options: HousekeepingOptions = {}): Promise<readonly StoreProblem[]> {
  return await (await import('./housekeeping.ts')).verifyStore(options);
}

/**
 * Free space: what the cache holds and no image needs. Safe while builds run: what these use stays.
 * Gives what went; `totalBytes` is what it took.
 * @throws {SlipwayError} `BUILD_BAD_FILTER`
 */
export async function pruneStore(options: PruneOptions = {}): Promise<DiskUsage> {
  return await (await import('./housekeeping.ts')).pruneStore(options);
}
