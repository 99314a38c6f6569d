import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, hostPath } from '../base/index.ts';
import { type Digest, hexOf } from '../oci/index.ts';
import type { LayerId } from '../layer/index.ts';

/** Where things lie below the store's root. */
export interface StorePaths {
  readonly root: HostPath;
  blob(digest: Digest): HostPath;
  /** The directory form: an overlayfs lower. */
  layerDirectory(layer: LayerId): HostPath;
  layerHome(layer: LayerId): HostPath;
  layerIndex(layer: LayerId): HostPath;
  record(kind: RecordKind, key: string): HostPath;
  recordFolder(kind: RecordKind): HostPath;
  ingest(name: string): HostPath;
  lock(name: string): HostPath;
  cacheMount(name: string): HostPath;
  statCache(name: string): HostPath;
  history(build: string): HostPath;
  /** A bare repository that stands in for a remote. */
  gitRepository(name: string): HostPath;
}

/**
 * `layer`: the forms a layer has. `diff`: diff ID → layer. `key`: what a cache key gave. `candidate`: ops the cache knows.
 * `image`: images by name. `resolved`: the last digest of a tag. `probe`: what this machine was found to allow.
 * `step`: the keys a step of a Dockerfile had, to say why it runs again.
 * `failed`: the trees that failed steps left. `graph`: what builds of the history were to do.
 * `http`: what a URL had, or a digest promised, when it was last downloaded.
 * `git`: the commit that a branch or tag of a remote last was.
 * `mount`: what a cache mount is for; its time is that of the mount's last use.
 */
export type RecordKind = (typeof recordKinds)[number];

export const recordKinds = [
  'layer',
  'diff',
  'key',
  'candidate',
  'image',
  'resolved',
  'probe',
  'step',
  'failed',
  'graph',
  'mount',
  'http',
  'git',
] as const;

export function storePaths(root: HostPath): StorePaths {
  const at = (...parts: string[]): HostPath => hostPath(join(root, ...parts));
  return {
    root,
    blob: (digest) => at('blobs', 'sha256', hexOf(digest)),
    layerHome: (layer) => at('layers', layer),
    layerDirectory: (layer) => at('layers', layer, 'd'),
    layerIndex: (layer) => at('index', layer),
    record: (kind, key) => at('records', kind, key),
    recordFolder: (kind) => at('records', kind),
    ingest: (name) => at('ingest', name),
    lock: (name) => at('lock', name),
    cacheMount: (name) => at('cache-mounts', name),
    statCache: (name) => at('stat', name),
    history: (build) => at('history', build),
    gitRepository: (name) => at('git', name),
  };
}

/** Make the store's folders. Cheap when they are there. */
export function createFolders(paths: StorePaths): void {
  const folders = [
    'blobs/sha256',
    'layers',
    'index',
    'ingest',
    'lock',
    'cache-mounts',
    'stat',
    'history',
    'git',
    ...recordKinds.map((kind) => `records/${kind}`),
  ];
  for (const folder of folders) mkdirSync(join(paths.root, folder), { recursive: true, mode: 0o700 });
}
