import { linkSync, utimesSync, writeFileSync } from 'node:fs';
import { isNodeError, type Json } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { hexOf } from '../oci/index.ts';
import { createIngest } from './ingest.ts';
import { cacheEntry, type CacheEntry, type Inventory, type KnownLayer, notedAt, readInventory } from './inventory.ts';
import { leftOvers } from './left-overs.ts';
import { neededLayers } from './needed.ts';
import { choosePruned, type PrunePolicy } from './prune-plan.ts';
import { recordText } from './records.ts';
import type { Store } from './store.ts';
import { createTrash, type Trash } from './trash.ts';
import { listUsage } from './usage.ts';
import { idOfDocuments } from './usage-documents.ts';
import { usedLayers } from './usage-layers.ts';
import type { UsageRow } from './usage-row.ts';

export interface PruneOptions extends PrunePolicy {
  /** Say what would go, and touch nothing. */
  readonly dryRun?: boolean | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

export interface PruneReport {
  readonly removed: readonly UsageRow[];
  /** What they took on the disk. */
  readonly freedBytes: number;
}

/**
 * Free space. First the records go, then what no record names any more: whoever dies in the middle leaves nothing broken. What an image
 * needs stays, and so does what a living build has used or made. One process at a time prunes; builds go on meanwhile.
 */
export async function prune(store: Store, options: PruneOptions): Promise<PruneReport> {
  using _lock = await store.locks.hold('prune', options.signal);
  const { rows, inventory, cutoffMs } = listUsage(store, options.nowMs);
  const chosen = choosePruned(rows, options);
  if (options.dryRun === true) return reportOf(chosen);
  using trash = createTrash(store.paths, cutoffMs);
  const run: Run = { store, options, cutoffMs, trash, chosen: new Map(chosen.map((row) => [row.id, row])), before: inventory };
  forgetRecords(run);
  removeLayers(run);
  removeBlobs(run);
  for (const row of chosen) await removeLoose(row, run);
  return reportOf(rows.filter(({ place }) => notedAt(place) === undefined));
}

function reportOf(removed: readonly UsageRow[]): PruneReport {
  return { removed, freedBytes: removed.reduce((sum, row) => sum + row.sizeBytes, 0) };
}

interface Run {
  readonly store: Store;
  readonly options: PruneOptions;
  readonly cutoffMs: number;
  readonly trash: Trash;
  readonly chosen: ReadonlyMap<string, UsageRow>;
  /** What was there when the rows were chosen. */
  readonly before: Inventory;
}

/** Records of the cache that name a layer which goes, or one that isn't there; with `all` and no limit, every one. */
function forgetRecords({ store, options, trash, chosen, before }: Run): void {
  const isGoing = (id: LayerId): boolean => chosen.has(id) || !before.layers.has(id);
  const forgetsAll = options.all === true && options.wants === undefined && options.keepBytes === undefined;
  for (const entry of before.cache) {
    if (forgetsAll) trash.take(store.paths.record(entry.kind, entry.key));
    else if ([...entry.layers].some(isGoing)) forget(entry, isGoing, store, trash);
  }
  for (const { key, digest } of before.tags) {
    if (chosen.has(idOfDocuments(digest)) || !before.manifests.has(digest)) trash.take(store.paths.record('resolved', key));
  }
  for (const { digest } of before.manifests.values()) if (chosen.has(idOfDocuments(digest))) trash.take(store.paths.blob(digest));
}

/** A record of candidates keeps those of its runs that name nothing that goes. */
function forget(entry: CacheEntry, isGoing: (id: LayerId) => boolean, store: Store, trash: Trash): void {
  const path = store.paths.record(entry.kind, entry.key);
  const runs = entry.kind === 'candidate' ? store.records.read('candidate', entry.key) : undefined;
  if (!trash.take(path) || !Array.isArray(runs)) return;
  const kept = (runs as readonly Json[]).filter((run) => ![...cacheEntry('key', '', 0, run).layers].some(isGoing));
  if (kept.length === 0) return;
  using ingest = createIngest(store.paths);
  const aside = ingest.child('record');
  writeFileSync(aside, recordText(kept), { mode: 0o600 });
  utimesSync(aside, entry.noted / 1000, entry.noted / 1000);
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!isNodeError(error) || error.code !== 'EEXIST') throw error; // a build has written a newer one
  }
}

/** Layers that were chosen, and those that only the forgotten records named. */
function removeLayers({ store, cutoffMs, trash, chosen, before }: Run): void {
  const now = readInventory(store);
  const namedBefore = namedLayers(before, cutoffMs, () => false);
  const named = namedLayers(now, cutoffMs, (id) => chosen.has(id));
  const users = new Map<LayerId, number>();
  const count = ({ refs }: KnownLayer, by: 1 | -1): void => {
    for (const ref of refs) users.set(ref, (users.get(ref) ?? 0) + by);
  };
  for (const layer of now.layers.values()) count(layer, 1);
  // Those that draw bytes from others go before them.
  for (const id of [...neededLayers(now.layers.keys(), now.layers)].reverse()) {
    const layer = now.layers.get(id);
    if (layer === undefined || named.has(id) || !(chosen.has(id) || namedBefore.has(id))) continue;
    if ((users.get(id) ?? 0) > 0) continue;
    if (removeLayer(layer, store, trash)) count(layer, -1);
  }
}

/** Layers that must stay: of images, of records, of living builds, and of manifests; the last ones only if `mayGo` doesn't say otherwise. */
function namedLayers(inventory: Inventory, cutoffMs: number, mayGo: (id: LayerId) => boolean): ReadonlySet<LayerId> {
  const { images, cache, manifests, layers } = inventory;
  const named = [
    ...images.flatMap((image) => image.layers),
    ...cache.flatMap((entry) => [...entry.layers]),
    ...usedLayers(inventory, cutoffMs),
    ...[...manifests.values()].flatMap((manifest) => manifest.layers.filter((id) => !mayGo(id))),
  ];
  return neededLayers(named, layers);
}

function removeLayer({ id, diffId }: KnownLayer, store: Store, trash: Trash): boolean {
  if (!trash.take(store.paths.record('layer', id))) return false;
  trash.takeAnyway(store.paths.layerHome(id));
  trash.takeAnyway(store.paths.layerIndex(id));
  if (diffId !== undefined && store.records.read('diff', hexOf(diffId)) === id)
    trash.take(store.paths.record('diff', hexOf(diffId)));
  return true;
}

/** Blobs that something named before and nothing does now, and those that were left over. */
function removeBlobs({ store, trash, chosen, before }: Run): void {
  const wereLeft = new Set(leftOvers(store, before).map(({ path }) => path));
  for (const { path, name } of leftOvers(store, readInventory(store)))
    if (chosen.has(name) || !wereLeft.has(path)) trash.take(path);
}

async function removeLoose(row: UsageRow, { store, trash, options }: Run): Promise<void> {
  if (row.kind === 'context') trash.take(store.paths.statCache(row.id));
  if (row.kind === 'repository') {
    using _lock = await store.locks.hold(`git-${row.id}`, options.signal);
    trash.take(store.paths.gitRepository(row.id));
  }
  if (row.kind !== 'cache-mount') return;
  // Under this lock a RUN looks whether the folder is there, and notes its use.
  using _lock = await store.locks.hold(`cache-make-${row.id}`, options.signal);
  const record = store.paths.record('mount', row.id);
  if (notedAt(record) === undefined ? trash.take(store.paths.cacheMount(row.id)) : trash.take(record))
    trash.takeAnyway(store.paths.cacheMount(row.id));
}
