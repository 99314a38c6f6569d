import { readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type HostPath, hostPath, isNodeError, SlipwayError, toSlipwayError } from '../base/index.ts';
import { removeTree } from '../native/index.ts';
import { type Blobs, createBlobs } from './blobs.ts';
import { createImages, type Images } from './images.ts';
import { abandonedIngests } from './ingest.ts';
import { createLayers, type Layers } from './layers.ts';
import { createLocks, type Locks } from './locks.ts';
import { createFolders, type StorePaths, storePaths } from './paths.ts';
import { createRecords, type Records } from './records.ts';

/** Everything that outlives a build. Several processes may have one store open. */
export interface Store {
  readonly paths: StorePaths;
  readonly records: Records;
  readonly blobs: Blobs;
  readonly layers: Layers;
  readonly images: Images;
  readonly locks: Locks;
}

/** `$SLIPWAY_ROOT`, else `/var/lib/slipway` for root, else `$XDG_DATA_HOME/slipway`. */
export function defaultStoreRoot(
  env: Readonly<Record<string, string | undefined>>,
  isRoot: boolean = process.getuid?.() === 0,
): HostPath {
  const named = env['SLIPWAY_ROOT'];
  if (named !== undefined && named !== '') return hostPath(named);
  if (isRoot) return hostPath('/var/lib/slipway');
  const data = env['XDG_DATA_HOME'];
  // The XDG specification has relative paths ignored.
  return hostPath(join(data?.startsWith('/') === true ? data : join(homedir(), '.local', 'share'), 'slipway'));
}

/**
 * Open the store at `root`, making it when absent.
 * @throws {SlipwayError} `STORE_NOT_WRITABLE`
 */
export function openStore(root: HostPath): Store {
  const paths = storePaths(hostPath(resolve(root)));
  try {
    createFolders(paths);
  } catch (cause) {
    const known = toSlipwayError(cause);
    if (known.code === 'STORE_NO_SPACE') throw known;
    throw new SlipwayError('STORE_NOT_WRITABLE', `cannot write to the store at \`${root}\`: ${known.message}`, {
      class: 'permission',
      cause,
      hint: 'name another place with `--root DIR` or SLIPWAY_ROOT',
    });
  }
  const records = createRecords(paths);
  return {
    paths,
    records,
    blobs: createBlobs(paths),
    layers: createLayers(paths, records),
    images: createImages(paths, records),
    locks: createLocks(paths, () => import('../native/index.ts')),
  };
}

/**
 * Delete what dead processes left half made: what still runs there first (`endRuns`, told the folders), then their mounts, then their files. Costs one directory listing when there is nothing.
 * One process at a time does it; what cannot be deleted now is left for the next one.
 */
export async function recoverStore(store: Store, endRuns?: (folders: readonly HostPath[]) => Promise<void>): Promise<void> {
  if (abandonedIngests(store.paths, Date.now()).length === 0) return;
  using lock = await store.locks.tryHold('recover');
  if (lock === undefined) return;
  const abandoned = abandonedIngests(store.paths, Date.now());
  await endRuns?.(abandoned);
  // The kernel names mount points by their real paths.
  const folder = realpathSync(store.paths.ingest(''));
  await unmountBelow(abandoned.map((path) => join(folder, basename(path))));
  for (const path of abandoned) {
    try {
      removeTree(path);
    } catch (error) {
      if (!isNodeError(error)) throw error;
    }
  }
}

async function unmountBelow(folders: readonly string[]): Promise<void> {
  const mounts = mountPoints().filter((mount) => folders.some((path) => mount.startsWith(`${path}/`)));
  if (mounts.length === 0) return;
  const { umount } = await import('../native/index.ts');
  for (const mount of mounts.reverse()) umount(hostPath(mount), { detach: true });
}

/** Mount points of this process's mount namespace, in the order they were made. @see proc(5), mountinfo */
function mountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((field) => field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}
