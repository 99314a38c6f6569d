import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNotFound, type Json, SlipwayError } from '../base/index.ts';
import { decodeIndex, type LayerId, type LayerIndex } from '../layer/index.ts';
import { createDigester, type Digest, hexOf, isDigest, parseImageConfig, parseManifest } from '../oci/index.ts';
import { readFileChunks } from './blobs.ts';
import { cacheEntry } from './inventory.ts';
import type { LayerInfo } from './layers.ts';
import { type RecordKind, recordKinds } from './paths.ts';
import { parseRecord } from './records.ts';
import { parseResolved } from './resolved.ts';
import type { Store } from './store.ts';
import { verifyDirectory } from './verify-directory.ts';

/** Something in the store that isn't as it should be. */
export interface StoreProblem {
  /** A path below the store's root. */
  readonly path: string;
  readonly message: string;
}

/**
 * Look at everything: that each record can be read and names what is there, that each layer has its index and a form its files can be read
 * from, that each directory form has what the index says, that each blob has its digest. Changes nothing. Waits for a `prune` that is going on.
 */
export async function verifyStore(store: Store, options: { readonly signal: AbortSignal }): Promise<readonly StoreProblem[]> {
  using _lock = await store.locks.hold('prune', options.signal);
  const problems: StoreProblem[] = [];
  const check: Check = {
    store,
    values: new Map(),
    report: (path, message) => problems.push({ path: path.slice(store.paths.root.length + 1), message }),
  };
  for (const kind of recordKinds) for (const key of store.records.list(kind)) readRecord(kind, key, check);
  for (const [path, { kind, key, value }] of check.values) {
    options.signal.throwIfAborted();
    checks[kind](value, { ...check, at: path, key });
    // Reading directories takes long: whoever wants to stop it is heard in between.
    if (kind === 'layer') await new Promise(setImmediate);
  }
  await checkBlobs(check, options.signal);
  return problems;
}

interface Check {
  readonly store: Store;
  /** By path: the records that can be read. */
  readonly values: Map<string, { readonly kind: RecordKind; readonly key: string; readonly value: Json }>;
  readonly report: (path: string, message: string) => void;
}

interface RecordCheck extends Check {
  readonly at: string;
  readonly key: string;
}

function readRecord(kind: RecordKind, key: string, { store, values, report }: Check): void {
  const path = store.paths.record(kind, key);
  try {
    const value = parseRecord(readFileSync(path, 'utf8'));
    if (value === undefined) report(path, 'its checksum does not hold');
    else values.set(path, { kind, key, value });
  } catch (error) {
    if (!isNotFound(error)) report(path, (error as Error).message);
  }
}

type CheckRecord = (value: Json, check: RecordCheck) => void;

const checks: { readonly [K in RecordKind]: CheckRecord } = {
  layer: checkLayer,
  diff(value, check) {
    if (!hasLayer(value as LayerId, check))
      check.report(check.at, `names the layer ${JSON.stringify(value)}, which is not there`);
  },
  key: checkCache('key'),
  candidate: checkCache('candidate'),
  failed: checkCache('failed'),
  image: checkImage,
  resolved(value, check) {
    const resolved = parseResolved(value);
    if (resolved === undefined) check.report(check.at, 'is not the record of a tag');
    else readDocuments(resolved.digest, check);
  },
  probe: () => undefined,
  /** Its layer may be gone: then the file is downloaded again. */
  http: () => undefined,
  git: () => undefined,
  // What it names may be gone: then a step is explained without it.
  step: () => undefined,
  graph: () => undefined,
  mount(_, { store, key, at, report }) {
    if (!existsSync(store.paths.cacheMount(key))) report(at, 'names a cache mount that is not there');
  },
};

function hasLayer(id: LayerId, { store, values }: Check): boolean {
  return values.has(store.paths.record('layer', id));
}

function checkCache(kind: 'key' | 'candidate' | 'failed'): CheckRecord {
  return (value, check) => {
    for (const id of cacheEntry(kind, check.key, 0, value).layers) {
      if (!hasLayer(id, check)) check.report(check.at, `names the layer ${id}, which is not there`);
    }
  };
}

function checkLayer(value: Json, check: RecordCheck): void {
  const { store, key, at, report } = check;
  const info = value as unknown as LayerInfo;
  const id = key as LayerId;
  for (const ref of info.refs) if (!hasLayer(ref, check)) report(at, `draws bytes from the layer ${ref}, which is not there`);
  for (const { digest } of info.blobs) if (!store.blobs.has(digest)) report(at, `names the blob ${digest}, which is not there`);
  let index: LayerIndex;
  try {
    index = decodeIndex(readFileSync(store.paths.layerIndex(id)));
  } catch (error) {
    return report(
      store.paths.layerIndex(id),
      isNotFound(error)
        ? 'the index of the layer is not there'
        : `the index of the layer cannot be read: ${(error as Error).message}`,
    );
  }
  const needsBytes = index.entries.some((entry) => entry.type === 'file' && entry.content === undefined && entry.sizeBytes > 0);
  const isReadable =
    store.layers.hasDirectory(id) ||
    info.blobs.some(({ digest }) => store.blobs.has(digest)) ||
    (info.diffId !== undefined && store.blobs.has(info.diffId));
  if (needsBytes && !isReadable) report(at, 'neither a directory nor a blob has the bytes of its files');
  if (!store.layers.hasDirectory(id)) return;
  const directory = store.paths.layerDirectory(id);
  for (const { path, message } of verifyDirectory(directory, index)) report(join(directory, path), message);
}

function checkImage(value: Json, check: RecordCheck): void {
  const { manifest, layers } = value as unknown as { manifest: { digest: Digest }; layers: readonly LayerId[] };
  for (const id of layers) if (!hasLayer(id, check)) check.report(check.at, `names the layer ${id}, which is not there`);
  const blobs = readDocuments(manifest.digest, check);
  for (const digest of blobs)
    if (!check.store.blobs.has(digest)) check.report(check.at, `its manifest names the blob ${digest}, which is not there`);
}

/** The layer blobs of a manifest whose config is there and can be read. */
function readDocuments(digest: Digest, { store, at, report }: RecordCheck): readonly Digest[] {
  const read = (wanted: Digest, what: string): Uint8Array | undefined => {
    if (store.blobs.has(wanted)) return readFileSync(store.paths.blob(wanted));
    report(at, `names the ${what} ${wanted}, which is not there`);
    return undefined;
  };
  const bytes = read(digest, 'manifest');
  if (bytes === undefined) return [];
  try {
    const manifest = parseManifest(bytes);
    if (manifest.kind !== 'manifest') throw new SlipwayError('OCI_BAD_MANIFEST', 'it is an index');
    const config = read(manifest.config.digest, 'config');
    if (config !== undefined) parseImageConfig(config);
    return manifest.layers.map((layer) => layer.digest);
  } catch (error) {
    report(store.paths.blob(digest), `cannot be read as the manifest and config of an image: ${(error as Error).message}`);
    return [];
  }
}

async function checkBlobs({ store, report }: Check, signal: AbortSignal): Promise<void> {
  for (const name of readdirSync(`${store.paths.root}/blobs/sha256`)) {
    signal.throwIfAborted();
    const digest = `sha256:${name}`;
    if (!isDigest(digest)) {
      report(`${store.paths.root}/blobs/sha256/${name}`, 'is not named by a digest');
      continue;
    }
    const digester = createDigester();
    try {
      for await (const chunk of readFileChunks(store.paths.blob(digest))) {
        signal.throwIfAborted();
        digester.update(chunk);
      }
    } catch (error) {
      if (isNotFound(error)) continue; // taken away meanwhile
      throw error;
    }
    const got = digester.digest();
    if (got !== digest) report(store.paths.blob(digest), `its content has the digest ${hexOf(got)}`);
  }
}
