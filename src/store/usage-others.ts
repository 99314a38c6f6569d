import { readdirSync } from 'node:fs';
import { cacheMountsOf, ingestsOf, notedAt, repositoriesOf } from './inventory.ts';
import { leftOvers } from './left-overs.ts';
import type { UsageContext, UsageRow } from './usage-row.ts';

/** What belongs to no image or step. */
export function otherRows(context: UsageContext): UsageRow[] {
  return [
    ...mountRows(context),
    ...contextRows(context),
    ...repositoryRows(context),
    ...ingestRows(context),
    ...leftOverRows(context),
    bookkeepingRow(context),
  ];
}

const loose = { images: [], isShared: false, isMutable: false, needsAll: false, parents: [] } as const;

/** Things that builds to come may use, and that grow: only `prune --all` takes them, while nobody uses them. */
interface Kept extends Pick<UsageRow, 'id' | 'kind' | 'description' | 'place' | 'usedAtMs'> {
  readonly createdAtMs?: number;
}

function keptRow(kept: Kept, { meter, cutoffMs }: UsageContext): UsageRow {
  const isInUse = kept.usedAtMs >= cutoffMs;
  return {
    ...loose,
    createdAtMs: kept.usedAtMs,
    ...kept,
    sizeBytes: meter.add(kept.place),
    isReclaimable: !isInUse,
    isInUse,
    needsAll: true,
    isMutable: true,
  };
}

function mountRows(context: UsageContext): UsageRow[] {
  const { store } = context;
  return cacheMountsOf(store).map((name) => {
    const value = store.records.read('mount', name) as { readonly id?: string } | undefined;
    const place = store.paths.cacheMount(name);
    const createdAtMs = notedAt(place) ?? 0;
    const usedAtMs = notedAt(store.paths.record('mount', name)) ?? createdAtMs;
    const description = `cache mount${value?.id === undefined ? '' : ` ${value.id}`}`;
    return keptRow({ id: name, kind: 'cache-mount', description, place, createdAtMs, usedAtMs }, context);
  });
}

function contextRows(context: UsageContext): UsageRow[] {
  const { statCache } = context.store.paths;
  const names = readdirSync(statCache('')).sort();
  const description = 'digests of the files of a context';
  return names.map((name) => {
    const place = statCache(name);
    return keptRow({ id: name, kind: 'context', description, place, usedAtMs: notedAt(place) ?? 0 }, context);
  });
}

function repositoryRows(context: UsageContext): UsageRow[] {
  const { store } = context;
  const description = 'commits of a git repository';
  return repositoriesOf(store).map((name) => {
    const place = store.paths.gitRepository(name);
    return keptRow({ id: name, kind: 'repository', description, place, usedAtMs: notedAt(place) ?? 0 }, context);
  });
}

function ingestRows({ store, meter }: UsageContext): UsageRow[] {
  return ingestsOf(store).map((name) => {
    const place = store.paths.ingest(name);
    const noted = notedAt(place) ?? 0;
    return {
      ...loose,
      id: name,
      place,
      kind: 'half-made',
      description: 'something that is being made',
      sizeBytes: meter.add(place),
      isReclaimable: false,
      isInUse: true,
      createdAtMs: noted,
      usedAtMs: noted,
    };
  });
}

function leftOverRows({ store, inventory, meter, cutoffMs }: UsageContext): UsageRow[] {
  return leftOvers(store, inventory).flatMap(({ path, noted, name }): UsageRow[] => {
    const sizeBytes = meter.add(path);
    if (sizeBytes === 0) return []; // a config: its manifest has counted it
    const isInUse = noted >= cutoffMs;
    return [
      {
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
      },
    ];
  });
}

function bookkeepingRow({ store, meter }: UsageContext): UsageRow {
  const { root } = store.paths;
  const noted = notedAt(root) ?? 0;
  return {
    ...loose,
    id: 'bookkeeping',
    place: root,
    kind: 'bookkeeping',
    description: 'records, locks and the history of builds',
    sizeBytes: ['records', 'lock', 'history', 'index.json', 'oci-layout'].reduce(
      (sum, name) => sum + meter.add(`${root}/${name}`),
      0,
    ),
    isReclaimable: false,
    isInUse: true,
    createdAtMs: noted,
    usedAtMs: noted,
  };
}
