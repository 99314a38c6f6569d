import { lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostPath, type Json } from '../base/index.ts';
import type { Entry, LayerId } from '../layer/index.ts';
import { type Digest, digestOf, hexOf, mediaTypes, printImageConfig, printManifest } from '../oci/index.ts';
import { createIngest } from './ingest.ts';
import type { RecordKind } from './paths.ts';
import { openStore, type Store } from './store.ts';

/** A store for tests, with layers and records made by hand. Everything in it looks an hour old until something is noted. */
export interface SampleStore extends Disposable {
  readonly store: Store;
  /** A layer with a directory form and one file of `text`; `refs` are layers that it draws a file from. */
  layer(name: string, more?: { readonly text?: string; readonly refs?: readonly LayerId[] }): LayerId;
  /** A layer that came as a blob. */
  pulled(name: string): { readonly id: LayerId; readonly diffId: Digest };
  /** A record of the cache: `key` gave `layers`, made from what `inputs` gave. */
  key(key: string, layers: readonly LayerId[], inputs?: readonly string[]): string;
  candidate(key: string, runs: readonly { readonly input: readonly LayerId[]; readonly result: readonly LayerId[] }[]): string;
  image(name: string, layers: readonly LayerId[]): Digest;
  /** What a tag was resolved to, with its manifest and config. */
  tag(name: string, diffIds: readonly Digest[]): Digest;
  mount(name: string): string;
  /** Make everything of the store look as if it was `hours` old. */
  age(hours?: number): void;
  /** Make one record look `hours` old. */
  ageRecord(kind: RecordKind, key: string, hours: number): void;
}

const tick = { createdAt: '2020-01-01T00:00:00Z' };

export function sampleStore(): SampleStore {
  const root = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  const store = openStore(hostPath(root));
  const hex = (name: string): string => hexOf(digestOf(name));
  const record = (kind: RecordKind, key: string, value: unknown): string => {
    store.records.write(kind, key, value as Json);
    return key;
  };
  const documents = (
    name: string,
    layers: readonly { readonly digest: Digest; readonly size: number }[],
    diffIds: readonly Digest[],
  ): { readonly manifest: Digest; readonly size: number; readonly config: Digest } => {
    const config = printImageConfig({
      platform: { os: 'linux', architecture: 'amd64' },
      config: { Labels: { name } },
      diffIds,
      history: [],
      unknown: {},
    });
    const { digest: configDigest, size } = store.blobs.put(mediaTypes.ociConfig, config);
    const bytes = printManifest({
      kind: 'manifest',
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: configDigest, size },
      layers: layers.map((layer) => ({ mediaType: mediaTypes.ociLayer, ...layer })),
    });
    const manifest = store.blobs.put(mediaTypes.ociManifest, bytes);
    return { manifest: manifest.digest, size: manifest.size, config: configDigest };
  };
  const sample: SampleStore = {
    store,
    layer(name, { text = name, refs = [] } = {}) {
      using ingest = createIngest(store.paths);
      const directory = ingest.child('d');
      mkdirSync(directory);
      const write = (file: string, content: string): void => {
        writeFileSync(join(directory, file), content, { mode: 0o644 });
        utimesSync(join(directory, file), 0, 0);
      };
      write('own', text);
      for (const at of refs.keys()) write(`from-${at}`, 'x');
      const common = { mode: 0o644, uid: 0, gid: 0, mtimeSec: 0 };
      const entries: Entry[] = [
        ...refs.map(
          (layer, at): Entry => ({
            ...common,
            type: 'file',
            path: `from-${at}`,
            sizeBytes: 1,
            content: { kind: 'layer', layer, path: 'own' },
          }),
        ),
        { ...common, type: 'file', path: 'own', sizeBytes: text.length },
      ];
      return store.layers.commit({ id: hex(name).slice(0, 32) as LayerId, entries, directory, ...tick }).id;
    },
    pulled(name) {
      const blob = store.blobs.put(mediaTypes.ociLayer, new TextEncoder().encode(`tar of ${name}`));
      const entries: Entry[] = [
        { type: 'file', path: name, sizeBytes: 3, mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, tarOffset: 0 },
      ];
      const { id } = store.layers.commit({
        id: hexOf(blob.digest).slice(0, 32) as LayerId,
        entries,
        diffId: blob.digest,
        blobs: [blob],
        ...tick,
      });
      return { id, diffId: blob.digest };
    },
    key: (key, layers, inputs = []) =>
      record('key', hex(key), {
        results: [{ kind: 'snapshot', layers }],
        parts: [
          { name: 'command', value: JSON.stringify(['/bin/sh', '-c', key]) },
          ...inputs.map((input, at) => ({ name: `input ${at}`, value: `sha256:${input} 0` })),
        ],
      }),
    candidate: (key, runs) =>
      record(
        'candidate',
        hex(key),
        runs.map(({ input, result }) => ({
          inputs: [{ kind: 'result', result: { kind: 'snapshot', layers: input } }],
          results: [{ kind: 'snapshot', layers: result }],
        })),
      ),
    image(name, layers) {
      const { manifest, size, config } = documents(name, [], []);
      store.images.put({
        name,
        manifest: { mediaType: mediaTypes.ociManifest, digest: manifest, size },
        configDigest: config,
        layers,
        storedAt: tick.createdAt,
      });
      return manifest;
    },
    tag(name, diffIds) {
      const { manifest } = documents(
        name,
        diffIds.map((digest) => ({ digest, size: 1 })),
        diffIds,
      );
      record('resolved', hex(name), { digest: manifest, name });
      return manifest;
    },
    mount(name) {
      mkdirSync(store.paths.cacheMount(name));
      writeFileSync(join(store.paths.cacheMount(name), 'file'), 'x'.repeat(10_000));
      return record('mount', name, { id: `/${name}`, dest: `/${name}` });
    },
    age(hours = 1) {
      setTimes(root, hours);
    },
    ageRecord: (kind, key, hours) => setTime(store.paths.record(kind, key), hours),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  return sample;
}

function setTime(path: string, hours: number): void {
  const at = Date.now() / 1000 - hours * 3600;
  lutimesSync(path, at, at);
}

function setTimes(path: string, hours: number): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    // A committed directory never changes: the times in it are content.
    if (entry.isDirectory() && !isCommitted(child)) setTimes(child, hours);
    setTime(child, hours);
  }
}

function isCommitted(path: string): boolean {
  return /\/layers\/[^/]+\/d$/.test(path);
}
