import { lstatSync, readdirSync } from 'node:fs';
import type { Json } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { type Digest, hexOf, isDigest, type Manifest, parseImageConfig, parseManifest } from '../oci/index.ts';
import type { StoredImage } from './images.ts';
import { parseResolved } from './resolved.ts';
import { isLease } from './lease.ts';
import { createLayers, type LayerInfo } from './layers.ts';
import type { Store } from './store.ts';

/** What steps made, ops were given, and failed steps left. */
type CacheKind = 'key' | 'candidate' | 'failed';

/** A record of the cache: it names layers, and keeps them from being pruned. */
export interface CacheEntry {
  readonly kind: CacheKind;
  readonly key: string;
  /** When it was last read or written. */
  readonly noted: number;
  /** What it gave: the stack of each result, bottom first. */
  readonly results: readonly (readonly LayerId[])[];
  /** Every layer that it names. */
  readonly layers: ReadonlySet<LayerId>;
  /** Keys of what it was made from. */
  readonly inputs: readonly string[];
  readonly parts: readonly { readonly name: string; readonly value: string }[];
  /** Is it of an image that was pulled, not of a step? */
  readonly isSource: boolean;
}

/** A manifest blob and what it names, as far as the store has it. */
interface KnownManifest {
  readonly digest: Digest;
  readonly noted: number;
  readonly blobs: readonly Digest[];
  readonly layers: readonly LayerId[];
}

export interface KnownLayer extends LayerInfo {
  /** When its record was last written or its use noted. */
  readonly noted: number;
}

/** A tag that was resolved, and to which manifest. */
interface KnownTag {
  readonly key: string;
  readonly digest: Digest;
  readonly name?: string | undefined;
}

/** What the store holds, as its records say. Times are in ms since 1970. */
export interface Inventory {
  readonly layers: ReadonlyMap<LayerId, KnownLayer>;
  readonly cache: readonly CacheEntry[];
  readonly images: readonly StoredImage[];
  readonly tags: readonly KnownTag[];
  /** By digest; of images, of tags, and those that nothing names. */
  readonly manifests: ReadonlyMap<Digest, KnownManifest>;
  readonly blobs: ReadonlyMap<Digest, { readonly noted: number; readonly sizeBytes: number }>;
}

export function readInventory(store: Store): Inventory {
  const layers = readLayers(store);
  const images = store.images.list();
  const tags = store.records.list('resolved').flatMap((key): KnownTag[] => {
    const tag = parseResolved(store.records.read('resolved', key));
    return tag === undefined ? [] : [{ key, ...tag }];
  });
  const blobs = readBlobs(store);
  return {
    layers,
    cache: readCache(store),
    images,
    tags,
    blobs,
    manifests: readManifests(store, { layers, images, tags, blobs }),
  };
}

/** The time of a record's file; `undefined` when it is gone. */
export function notedAt(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readLayers(store: Store): Map<LayerId, KnownLayer> {
  const layers = new Map<LayerId, KnownLayer>();
  const fresh = createLayers(store.paths, store.records); // the store's own may remember what other processes have changed since
  for (const key of store.records.list('layer')) {
    const noted = notedAt(store.paths.record('layer', key));
    const info = fresh.info(key as LayerId);
    if (info !== undefined && noted !== undefined) layers.set(info.id, { ...info, noted });
  }
  return layers;
}

function readCache(store: Store): readonly CacheEntry[] {
  return (['key', 'candidate', 'failed'] as const).flatMap((kind) =>
    store.records.list(kind).flatMap((key) => {
      const noted = notedAt(store.paths.record(kind, key));
      const value = store.records.read(kind, key);
      return value === undefined || noted === undefined ? [] : [cacheEntry(kind, key, noted, value)];
    }),
  );
}

interface RawResult {
  readonly layers?: readonly LayerId[];
}

interface RawRecord {
  readonly results?: readonly RawResult[];
  readonly inputs?: readonly { readonly result?: RawResult }[];
  readonly parts?: readonly { readonly name: string; readonly value: string }[];
}

/** What a record of the cache says, as far as pruning goes by it. */
export function cacheEntry(kind: CacheKind, key: string, noted: number, value: Json): CacheEntry {
  const runs = (kind === 'candidate' && Array.isArray(value) ? value : [value]) as unknown as readonly RawRecord[];
  const stacks = (results: readonly (RawResult | undefined)[]): (readonly LayerId[])[] =>
    results.flatMap((result) => (result?.layers === undefined ? [] : [result.layers]));
  const results = runs.flatMap((run) => stacks(run.results ?? []));
  const inputs = runs.flatMap((run) => stacks((run.inputs ?? []).map((input) => input.result)));
  const parts = runs.flatMap((run) => run.parts ?? []);
  return {
    kind,
    key,
    noted,
    results,
    layers: new Set([...results, ...inputs].flat()),
    inputs: parts.flatMap(({ name, value: text }) =>
      /^input \d+$/.test(name) ? [text.split(' ')[0]?.replace(/^sha256:/, '') ?? ''] : [],
    ),
    parts,
    isSource: kind === 'key' && parts.length === 1 && parts[0]?.name === 'source',
  };
}

function readBlobs(store: Store): Inventory['blobs'] {
  const blobs = new Map<Digest, { readonly noted: number; readonly sizeBytes: number }>();
  const folder = `${store.paths.root}/blobs/sha256`;
  for (const name of readdirSync(folder)) {
    const digest = `sha256:${name}`;
    const stats = isDigest(digest) ? lstatSync(`${folder}/${name}`, { throwIfNoEntry: false }) : undefined;
    if (stats !== undefined) blobs.set(digest as Digest, { noted: stats.mtimeMs, sizeBytes: stats.size });
  }
  return blobs;
}

/** No manifest is longer. */
const maxManifestBytes = 4 << 20;

/** Manifests of images and tags, and blobs that nothing names but that are manifests: a build may have begun from one of these. */
function readManifests(
  store: Store,
  { layers, images, tags, blobs }: Pick<Inventory, 'layers' | 'images' | 'tags' | 'blobs'>,
): Inventory['manifests'] {
  const manifests = new Map<Digest, KnownManifest>();
  const wanted = new Set([...images.map(({ manifest }) => manifest.digest), ...tags.map(({ digest }) => digest)]);
  const read = (digest: Digest): void => {
    const known = readManifest(store, digest);
    if (known !== undefined) manifests.set(digest, known);
  };
  for (const digest of wanted) read(digest);
  const named = new Set([...manifests.values()].flatMap((each) => each.blobs));
  for (const layer of layers.values()) for (const { digest } of layer.blobs) named.add(digest);
  for (const [digest, { sizeBytes }] of blobs) {
    if (!named.has(digest) && !wanted.has(digest) && sizeBytes <= maxManifestBytes) read(digest);
  }
  return manifests;
}

function readManifest(store: Store, digest: Digest): KnownManifest | undefined {
  const noted = notedAt(store.paths.blob(digest));
  const manifest = noted === undefined ? undefined : attempt(() => parseManifest(store.blobs.read(digest)));
  if (noted === undefined || manifest?.kind !== 'manifest') return undefined;
  return {
    digest,
    noted,
    blobs: [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)],
    layers: layersOf(store, manifest),
  };
}

function layersOf(store: Store, manifest: Manifest): readonly LayerId[] {
  const config = attempt(() => parseImageConfig(store.blobs.read(manifest.config.digest)));
  return (config?.diffIds ?? []).flatMap((diffId) => {
    const id = store.records.read('diff', hexOf(diffId));
    return typeof id === 'string' ? [id as LayerId] : [];
  });
}

/** What cannot be read names nothing; `du --verify` tells of it. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Half-made things: of running builds, or of dead ones that the next command clears away. */
export function ingestsOf(store: Store): readonly string[] {
  return readdirSync(store.paths.ingest('')).filter((name) => !isLease(name));
}

/** Names of the folders of cache mounts. */
export function cacheMountsOf(store: Store): readonly string[] {
  return readdirSync(store.paths.cacheMount('')).sort();
}

/** Names of the bare git repositories. */
export function repositoriesOf(store: Store): readonly string[] {
  return readdirSync(store.paths.gitRepository(''))
    .filter((name) => name !== 'known_hosts')
    .sort();
}
