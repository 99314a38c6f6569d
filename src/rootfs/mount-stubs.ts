import {
  type BigIntStats,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type HostPath, SlipwayError } from '../base/index.ts';
import { bigStatIfThere, fsPath, resolveInRoot } from '../native/index.ts';

/** Where something will be mounted in a root file system. */
export interface MountPoint {
  /** As the process sees it. */
  readonly path: string;
  readonly kind: 'dir' | 'file';
}

/** What was made only so that something can be mounted on it. */
export interface MountStubs {
  readonly root: HostPath;
  /** In the order of creation: parents first. */
  readonly created: readonly { readonly path: string; readonly kind: 'dir' | 'file' }[];
  /** Directories that were there and got new names: their times before and after. */
  readonly parents: readonly { readonly path: string; readonly before: BigIntStats; readonly after: BigIntStats }[];
}

/**
 * Make the missing mount points inside the mounted `root`. Symlinks in it are followed inside it, never to the host.
 * `points` are in mount order: one below an earlier one is left to whoever mounts, for it belongs to that mount.
 *
 * @throws {SlipwayError} `ROOTFS_MOUNT_POINT` a directory is in the way of a file, or the reverse
 */
export function prepareMountPoints(root: HostPath, points: readonly MountPoint[]): MountStubs {
  const created: { path: string; kind: 'dir' | 'file' }[] = [];
  const parents = new Map<string, BigIntStats>();
  const own = new Set<string>();
  const taken: string[] = [];
  const make = (path: string, kind: 'dir' | 'file'): void => {
    const parent = dirname(path);
    const stat = bigStatIfThere(parent);
    if (stat === undefined) make(parent, 'dir');
    else if (!stat.isDirectory()) throw inTheWay(root, parent, 'a directory');
    else if (!own.has(parent) && !parents.has(parent)) parents.set(parent, stat);
    if (kind === 'dir') mkdirSync(fsPath(path), 0o755);
    else closeSync(openSync(fsPath(path), 'wx', 0o644));
    created.push({ path, kind });
    own.add(path);
  };
  for (const point of points) {
    const path = resolveInRoot(root, point.path);
    if (path === root || taken.some((above) => path === above || path.startsWith(`${above}/`))) continue;
    taken.push(path);
    const stat = bigStatIfThere(path);
    if (stat === undefined) make(path, point.kind);
    else if (stat.isDirectory() !== (point.kind === 'dir'))
      throw inTheWay(root, path, point.kind === 'dir' ? 'a directory' : 'a file');
  }
  return {
    root,
    created,
    parents: [...parents].map(([path, before]) => ({ path, before, after: lstatSync(fsPath(path), { bigint: true }) })),
  };
}

/**
 * Take away what `prepareMountPoints` made and nobody filled, and give the directories it was made in their old times, unless
 * something else changed in them meanwhile. Call it while the root is still mounted and after its last process is gone.
 */
export function removeMountStubs(stubs: MountStubs): void {
  const timesNow = stubs.parents.map(({ path }) => (isUnmoved(stubs.root, path) ? bigStatIfThere(path) : undefined));
  for (const { path, kind } of [...stubs.created].reverse()) {
    if (!isUnmoved(stubs.root, dirname(path))) continue;
    const stat = bigStatIfThere(path);
    if (stat === undefined) continue;
    if (kind === 'dir' && stat.isDirectory()) {
      if (readdirSync(fsPath(path)).length === 0) rmdirSync(fsPath(path));
    } else if (kind === 'file' && stat.isFile() && stat.size === 0n) unlinkSync(fsPath(path));
  }
  for (const [index, { path, before, after }] of stubs.parents.entries()) {
    const now = timesNow[index];
    if (now === undefined) continue;
    const times = now.mtimeNs === after.mtimeNs ? before : now;
    utimesSync(fsPath(path), seconds(times.atimeNs), seconds(times.mtimeNs));
  }
}

/** The process may have put a symlink anywhere; then what is there now is not what was made. */
function isUnmoved(root: HostPath, path: string): boolean {
  return resolveInRoot(root, path.slice(root.length)) === path;
}

/** Whole microseconds, which a double keeps on the right side of the next second. */
function seconds(ns: bigint): number {
  return Number(ns / 1000n) / 1e6;
}

function inTheWay(root: string, path: string, wanted: string): SlipwayError {
  return new SlipwayError('ROOTFS_MOUNT_POINT', `cannot mount on \`${path.slice(root.length)}\`: it exists and is not ${wanted}`);
}
