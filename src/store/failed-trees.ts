import { lstatSync, rmSync } from 'node:fs';
import type { Json } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { removeTree } from '../native/index.ts';
import { type Digest, hexOf } from '../oci/index.ts';
import type { Store } from './store.ts';

/** So many are kept; each can be as large as what its step had written. */
const keptTrees = 4;

/** What a step that failed began with, and what it left. */
export interface FailedTree {
  /** The root file system, bottom first; the last layer is what the step had written. */
  readonly layers: readonly LayerId[];
  /** The results it was given, in the order of the vertex's inputs. */
  readonly inputs: readonly Json[];
}

/** Keep the tree of a step that failed, for who wants to look at it; those of earlier failures go when there are too many. */
export async function keepFailedTree(store: Store, vertex: Digest, { layers, inputs }: FailedTree): Promise<void> {
  const key = hexOf(vertex);
  await forgetUnused(store, key);
  store.records.write('failed', key, { results: [{ layers }], inputs: inputs.map((result) => ({ kind: 'result', result })) });
  const age = (name: string): number => lstatSync(store.paths.record('failed', name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const latestFirst = store.records
    .list('failed')
    .map((name) => ({ name, at: name === key ? Number.POSITIVE_INFINITY : age(name) }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of latestFirst.slice(keptTrees)) await forgetUnused(store, name);
}

/** The tree that the step left when it failed last; `undefined` when it didn't, or when it was pruned. */
export function failedTree(store: Store, vertex: Digest): FailedTree | undefined {
  const record = store.records.read('failed', hexOf(vertex)) as unknown as FailedRecord | undefined;
  const layers = record?.results[0]?.layers;
  if (record === undefined || layers === undefined) return undefined;
  if (!layers.every((id) => store.layers.info(id) !== undefined)) return undefined;
  return { layers, inputs: record.inputs.map(({ result }) => result) };
}

/** While this is held, no later failure takes the tree away. */
export async function holdFailedTree(store: Store, vertex: Digest, signal: AbortSignal): Promise<Disposable> {
  const lock = await store.locks.hold(lockOf(hexOf(vertex)), signal);
  store.records.touch('failed', hexOf(vertex));
  return lock;
}

interface FailedRecord {
  readonly results: readonly { readonly layers: readonly LayerId[] }[];
  readonly inputs: readonly { readonly result: Json }[];
}

function lockOf(key: string): string {
  return `failed-${key.slice(0, 32)}`;
}

/** The record first: who dies in the middle leaves a layer that nothing names, and `prune` takes it. */
async function forgetUnused(store: Store, key: string): Promise<void> {
  using lock = await store.locks.tryHold(lockOf(key));
  if (lock === undefined) return;
  const record = store.records.read('failed', key) as unknown as FailedRecord | undefined;
  store.records.remove('failed', key);
  const own = record?.results[0]?.layers.at(-1);
  if (own === undefined) return;
  store.records.remove('layer', own);
  removeTree(store.paths.layerHome(own));
  rmSync(store.paths.layerIndex(own), { force: true });
}
