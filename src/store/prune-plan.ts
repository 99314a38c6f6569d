import type { UsageRow } from './usage-row.ts';

/** What may go. */
export interface PrunePolicy {
  /** Also base images, cache mounts, digests of contexts, and records of steps whose layers an image needs anyway. */
  readonly all?: boolean | undefined;
  /** Only these. */
  readonly wants?: ((row: UsageRow) => boolean) | undefined;
  /** Stop as soon as what no image needs takes no more than this. */
  readonly keepBytes?: ((cacheBytes: number) => number) | undefined;
}

/** Which rows go, least recently used first; of those used at the same time, what was made last goes first: others build upon the rest. */
export function choosePruned(rows: readonly UsageRow[], policy: PrunePolicy): readonly UsageRow[] {
  const oldestFirst = rows
    .filter((row) => row.isReclaimable && isWanted(row, policy))
    .sort((a, b) => a.usedAtMs - b.usedAtMs || b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1));
  let leftBytes = cacheBytes(rows);
  const keepBytes = policy.keepBytes?.(leftBytes);
  if (keepBytes === undefined) return oldestFirst;
  const chosen: UsageRow[] = [];
  for (const row of oldestFirst) {
    if (leftBytes <= keepBytes) break;
    chosen.push(row);
    leftBytes -= row.sizeBytes;
  }
  return chosen;
}

function isWanted(row: UsageRow, { all, wants }: PrunePolicy): boolean {
  return (all === true || !row.needsAll) && (wants?.(row) ?? true);
}

/** Bytes of what no image needs: what limits of the cache are about. */
function cacheBytes(rows: readonly UsageRow[]): number {
  return rows.reduce(
    (sum, row) => sum + (row.images.length === 0 && row.kind !== 'bookkeeping' && row.kind !== 'half-made' ? row.sizeBytes : 0),
    0,
  );
}
