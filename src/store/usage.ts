import { readdirSync } from 'node:fs';
import type { LayerId } from '../layer/index.ts';
import { type Digest, hexOf } from '../oci/index.ts';
import { describeStep, shortName } from './describe.ts';
import { createDiskMeter, type DiskMeter } from './disk.ts';
import {
  type CacheEntry,
  cacheMountsOf,
  ingestsOf,
  repositoriesOf,
  type Inventory,
  notedAt,
  readInventory,
} from './inventory.ts';
import { neededLayers } from './needed.ts';
import { protectedSince } from './protected.ts';
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
  const context: Context = { store, inventory, meter, cutoffMs };
  const rows = [
    ...layerRows(context),
    ...documentRows(context),
    ...mountRows(context),
    ...contextRows(context),
    ...repositoryRows(context),
    ...otherRows(context),
  ];
  return { rows, inventory, cutoffMs };
}

interface Context {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly meter: DiskMeter;
  readonly cutoffMs: number;
}

function layerRows({ store, inventory, meter, cutoffMs }: Context): UsageRow[] {
  const { layers, cache, images, tags, manifests } = inventory;
  const owners = new Map<LayerId, Set<string>>();
  for (const image of images) {
    const name = image.name === undefined ? hexOf(image.configDigest).slice(0, 12) : shortName(image.name);
    for (const id of neededLayers(image.layers, layers)) owners.set(id, (owners.get(id) ?? new Set()).add(name));
  }
  const pulledFrom = new Map<LayerId, string | undefined>();
  for (const { results, isSource } of cache) if (isSource) for (const id of results.flat()) pulledFrom.set(id, undefined);
  for (const { digest, name } of tags)
    for (const id of manifests.get(digest)?.layers ?? []) pulledFrom.set(id, pulledFrom.get(id) ?? name);
  const inUse = neededLayers(usedLayers(inventory, cutoffMs), layers);
  const usedAt = lastUses(inventory);
  const steps = stepsOf(cache);
  const failed = new Set(
    cache.flatMap(({ kind, results }) => (kind === 'failed' ? results.flatMap((stack) => stack.at(-1) ?? []) : [])),
  );
  const below = parentsOf(cache);
  return [...neededLayers(layers.keys(), layers)].flatMap((id): UsageRow[] => {
    const info = layers.get(id);
    if (info === undefined) return [];
    const sizeBytes = [
      store.paths.layerIndex(id),
      store.paths.layerHome(id),
      ...info.blobs.map(({ digest }) => store.paths.blob(digest)),
    ].reduce((sum, path) => sum + meter.add(path), 0);
    const names = [...(owners.get(id) ?? [])].sort();
    const isBase = pulledFrom.has(id);
    const from = pulledFrom.get(id);
    const step = steps.get(id);
    return [
      {
        id,
        place: store.paths.record('layer', id),
        kind: isBase ? 'base' : 'step',
        description: isBase
          ? `pulled${from === undefined ? '' : ` from ${shortName(from)}`}`
          : step === undefined
            ? failed.has(id)
              ? 'left by a step that failed'
              : 'layer'
            : describeStep(step),
        sizeBytes,
        images: names,
        isShared: names.length > 1,
        isReclaimable: names.length === 0 && !inUse.has(id),
        isInUse: inUse.has(id),
        needsAll: isBase,
        isMutable: false,
        createdAtMs: Date.parse(info.createdAt) || info.noted,
        usedAtMs: usedAt.get(id) ?? info.noted,
        parents: [...new Set([...(below.get(id) ?? []), ...info.refs])],
      },
    ];
  });
}

/** What living builds have read or made. */
export function usedLayers({ layers, cache, manifests }: Inventory, cutoffMs: number): readonly LayerId[] {
  return [
    ...cache.filter(({ noted }) => noted >= cutoffMs).flatMap((entry) => [...entry.layers]),
    ...[...manifests.values()].filter(({ noted }) => noted >= cutoffMs).flatMap((manifest) => manifest.layers),
    ...[...layers.values()].filter(({ noted }) => noted >= cutoffMs).map(({ id }) => id),
  ];
}

/** A use of a result is one of everything it was made from: nobody has to look at that, though it was needed. */
function lastUses({ layers, cache, manifests }: Inventory): ReadonlyMap<LayerId, number> {
  const byKey = new Map(cache.filter(({ kind }) => kind === 'key').map((entry) => [entry.key, entry]));
  const uses = new Map<LayerId, number>();
  const note = (ids: Iterable<LayerId>, at: number): void => {
    for (const id of ids) uses.set(id, Math.max(at, uses.get(id) ?? 0));
  };
  const done = new Set<string>();
  for (const entry of [...byKey.values()].sort((a, b) => b.noted - a.noted)) {
    const stack = [entry];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (done.has(top.key)) continue;
      done.add(top.key);
      note(top.results.flat(), entry.noted);
      stack.push(...top.inputs.flatMap((key) => byKey.get(key) ?? []));
    }
  }
  for (const manifest of manifests.values()) note(manifest.layers, manifest.noted);
  for (const [id, at] of uses) note(neededLayers([id], layers), at);
  return uses;
}

/** The step that made a layer. */
function stepsOf(cache: readonly CacheEntry[]): ReadonlyMap<LayerId, CacheEntry> {
  const steps = new Map<LayerId, CacheEntry>();
  for (const entry of cache) {
    if (entry.kind !== 'key' || entry.isSource) continue;
    for (const stack of entry.results) {
      const top = stack.at(-1);
      if (top !== undefined) steps.set(top, entry);
    }
  }
  return steps;
}

function parentsOf(cache: readonly CacheEntry[]): ReadonlyMap<LayerId, readonly LayerId[]> {
  const parents = new Map<LayerId, readonly LayerId[]>();
  for (const { results } of cache) {
    for (const stack of results)
      for (const [index, id] of stack.entries())
        if (!parents.has(id)) parents.set(id, stack.slice(Math.max(0, index - 1), index));
  }
  return parents;
}

function documentRows({ store, inventory, meter, cutoffMs }: Context): UsageRow[] {
  const { images, tags, manifests } = inventory;
  return [...manifests.values()].map((manifest) => {
    const names = images
      .filter((image) => image.manifest.digest === manifest.digest)
      .map(({ name }) => (name === undefined ? 'an image without a name' : shortName(name)));
    const tag = tags.find(({ digest }) => digest === manifest.digest);
    const isInUse = manifest.noted >= cutoffMs;
    const of = names.length > 0 ? names.join(', ') : tag?.name === undefined ? 'an image that was removed' : shortName(tag.name);
    const config = manifest.blobs[0];
    return {
      id: idOfDocuments(manifest.digest),
      place: store.paths.blob(manifest.digest),
      kind: 'documents',
      description: `manifest and config of ${of}`,
      sizeBytes: [manifest.digest, ...(config === undefined ? [] : [config])].reduce(
        (sum, digest: Digest) => sum + meter.add(store.paths.blob(digest)),
        0,
      ),
      images: names,
      isShared: false,
      isReclaimable: names.length === 0 && !isInUse,
      isInUse,
      needsAll: tag !== undefined,
      isMutable: false,
      createdAtMs: manifest.noted,
      usedAtMs: manifest.noted,
      parents: [],
    };
  });
}

/** The id of the row of an image's documents. */
export function idOfDocuments(manifest: Digest): string {
  return hexOf(manifest).slice(0, 32);
}

const loose = { images: [], isShared: false, isMutable: false, needsAll: false, parents: [] } as const;

function mountRows({ store, meter, cutoffMs }: Context): UsageRow[] {
  return cacheMountsOf(store).map((name) => {
    const value = store.records.read('mount', name) as { readonly id?: string } | undefined;
    const path = store.paths.cacheMount(name);
    const createdAtMs = notedAt(path) ?? 0;
    const usedAtMs = notedAt(store.paths.record('mount', name)) ?? createdAtMs;
    const isInUse = usedAtMs >= cutoffMs;
    const description = `cache mount${value?.id === undefined ? '' : ` ${value.id}`}`;
    return {
      ...loose,
      id: name,
      place: path,
      kind: 'cache-mount',
      description,
      sizeBytes: meter.add(path),
      isReclaimable: !isInUse,
      isInUse,
      needsAll: true,
      isMutable: true,
      createdAtMs,
      usedAtMs,
    };
  });
}

function contextRows({ store, meter, cutoffMs }: Context): UsageRow[] {
  return readdirSync(store.paths.statCache(''))
    .sort()
    .map((name) => {
      const path = store.paths.statCache(name);
      const usedAtMs = notedAt(path) ?? 0;
      const isInUse = usedAtMs >= cutoffMs;
      return {
        ...loose,
        id: name,
        place: path,
        kind: 'context',
        description: 'digests of the files of a context',
        sizeBytes: meter.add(path),
        isReclaimable: !isInUse,
        isInUse,
        needsAll: true,
        isMutable: true,
        createdAtMs: usedAtMs,
        usedAtMs,
      };
    });
}

function repositoryRows({ store, meter, cutoffMs }: Context): UsageRow[] {
  return repositoriesOf(store).map((name) => {
    const path = store.paths.gitRepository(name);
    const usedAtMs = notedAt(path) ?? 0;
    const isInUse = usedAtMs >= cutoffMs;
    return {
      ...loose,
      id: name,
      place: path,
      kind: 'repository',
      description: 'commits of a git repository',
      sizeBytes: meter.add(path),
      isReclaimable: !isInUse,
      isInUse,
      needsAll: true,
      isMutable: true,
      createdAtMs: usedAtMs,
      usedAtMs,
    };
  });
}

/** What belongs to no image, step or mount. */
function otherRows({ store, inventory, meter, cutoffMs }: Context): UsageRow[] {
  const rows: UsageRow[] = [];
  for (const name of ingestsOf(store)) {
    const noted = notedAt(store.paths.ingest(name)) ?? 0;
    rows.push({
      ...loose,
      id: name,
      place: store.paths.ingest(name),
      kind: 'half-made',
      description: 'something that is being made',
      sizeBytes: meter.add(store.paths.ingest(name)),
      isReclaimable: false,
      isInUse: true,
      createdAtMs: noted,
      usedAtMs: noted,
    });
  }
  for (const { path, noted, name } of leftOvers(store, inventory)) {
    const sizeBytes = meter.add(path);
    if (sizeBytes === 0) continue; // a config: its manifest has counted it
    const isInUse = noted >= cutoffMs;
    rows.push({
      ...loose,
      id: name,
      place: path,
      kind: 'left-over',
      description: 'nothing names it',
      sizeBytes,
      isReclaimable: !isInUse,
      isInUse,
      createdAtMs: noted,
      usedAtMs: noted,
    });
  }
  const noted = notedAt(store.paths.root) ?? 0;
  const sizeBytes = ['records', 'lock', 'history', 'index.json', 'oci-layout'].reduce(
    (sum, name) => sum + meter.add(`${store.paths.root}/${name}`),
    0,
  );
  rows.push({
    ...loose,
    id: 'bookkeeping',
    place: store.paths.root,
    kind: 'bookkeeping',
    description: 'records, locks and the history of builds',
    sizeBytes,
    isReclaimable: false,
    isInUse: true,
    createdAtMs: noted,
    usedAtMs: noted,
  });
  return rows;
}

export interface LeftOver {
  readonly name: string;
  readonly path: string;
  readonly noted: number;
  readonly part: 'blob' | 'directory' | 'index';
}

/** Blobs, directories and indexes that no record and no manifest names. */
export function leftOvers(store: Store, { layers, manifests, blobs }: Inventory): readonly LeftOver[] {
  const named = new Set<Digest>([...manifests.values()].flatMap((manifest) => [manifest.digest, ...manifest.blobs]));
  for (const layer of layers.values()) for (const { digest } of layer.blobs) named.add(digest);
  for (const { diffId } of layers.values()) if (diffId !== undefined) named.add(diffId);
  const found: LeftOver[] = [];
  for (const [digest, { noted }] of blobs)
    if (!named.has(digest)) found.push({ name: hexOf(digest).slice(0, 32), path: store.paths.blob(digest), noted, part: 'blob' });
  const add = (part: 'directory' | 'index', pathOf: (id: LayerId) => string): void => {
    for (const name of readdirSync(pathOf('' as LayerId))) {
      const path = pathOf(name as LayerId);
      const noted = layers.has(name as LayerId) ? undefined : notedAt(path);
      if (noted !== undefined) found.push({ name, path, noted, part });
    }
  };
  add('directory', store.paths.layerHome);
  add('index', store.paths.layerIndex);
  return found;
}
