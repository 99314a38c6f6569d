import type { LayerId } from '../layer/index.ts';
import { hexOf } from '../oci/index.ts';
import { describeStep, shortName } from './describe.ts';
import type { CacheEntry, Inventory } from './inventory.ts';
import { neededLayers } from './needed.ts';
import type { UsageContext, UsageRow } from './usage-row.ts';

/** Layers, each with what it takes in all its forms. */
export function layerRows({ store, inventory, meter, cutoffMs }: UsageContext): UsageRow[] {
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
