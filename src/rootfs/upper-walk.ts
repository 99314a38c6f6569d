import { type BigIntStats, lstatSync } from 'node:fs';
import { type HostPath, isNodeError, SlipwayError } from '../base/index.ts';
import { comparePaths, type Entry } from '../layer/index.ts';
import { fsPath, getXattr, readLink, readNames, unpackDevice } from '../native/index.ts';
import { isOpaqueDirectory, LowerView } from './lower-view.ts';
import { isSameNode, layerXattr } from './same-node.ts';

interface Walk {
  readonly entries: Entry[];
  /** First path of each inode with several names, among those that are in the layer. */
  readonly firstNames: Map<string, string>;
  readonly lowers: LowerView;
}

/**
 * The upper directory of an unmounted overlay as the entries of a layer, in index order.
 *
 * What overlayfs copied up though nothing of it changed is left out, as BuildKit leaves it out; parents of changes are there.
 * A directory that hides one of `lowers` (topmost first) becomes one whiteout for each name that is gone with it.
 * @throws {SlipwayError} `ROOTFS_PATH_TOO_LONG`
 */
export function walkUpper(upper: HostPath, options: { readonly lowers: readonly HostPath[] }): Entry[] {
  const walk: Walk = { entries: [], firstNames: new Map(), lowers: new LowerView(options.lowers) };
  walkDirectory(walk, upper, '', false);
  return walk.entries;
}

/** `hidesLower`: nothing of the lower layers is seen in here. One call a level: a step can make thousands of levels. */
function walkDirectory(walk: Walk, hostDirectory: string, directory: string, hidesLower: boolean): void {
  const present = readNames(hostDirectory);
  const hidden = hidesLower ? new Set(walk.lowers.names(directory)) : undefined;
  for (const name of present) hidden?.delete(name);
  const names = hidden === undefined ? present : [...present, ...hidden];
  for (const name of names.sort(comparePaths)) {
    const path = directory === '' ? name : `${directory}/${name}`;
    if (hidden?.has(name) === true) {
      walk.entries.push({ type: 'whiteout', path });
      continue;
    }
    const host = `${hostDirectory}/${name}`;
    const stat = statOf(host, path);
    if (!stat.isDirectory()) {
      addLeaf(walk, host, path, stat);
      continue;
    }
    const below = walk.lowers.node(path);
    const before = walk.entries.push({ type: 'dir', ...metadata(path, stat) });
    walkDirectory(walk, host, path, hidesLower || isOpaqueDirectory(host));
    const isUnchanged = walk.entries.length === before && below !== undefined && isSameNode(below, host, stat);
    if (isUnchanged) walk.entries.pop();
  }
}

function addLeaf(walk: Walk, host: string, path: string, stat: BigIntStats): void {
  const { entries, firstNames, lowers } = walk;
  if (stat.isCharacterDevice() && stat.rdev === 0n) {
    entries.push({ type: 'whiteout', path });
    return;
  }
  if (stat.isSocket()) return;
  const below = lowers.node(path);
  if (below !== undefined && isSameNode(below, host, stat)) return;
  if (stat.nlink > 1n) {
    const inode = `${stat.dev}:${stat.ino}`;
    const target = firstNames.get(inode);
    if (target !== undefined) {
      entries.push({ type: 'hardlink', path, target });
      return;
    }
    firstNames.set(inode, path);
  }
  entries.push(leaf(host, path, stat));
}

function leaf(host: string, path: string, stat: BigIntStats): Entry {
  const common = metadata(path, stat);
  if (stat.isFile()) {
    const entry: Entry = { type: 'file', ...common, sizeBytes: Number(stat.size) };
    const capability = getXattr(host, layerXattr);
    return capability === undefined ? entry : { ...entry, xattrs: { [layerXattr]: capability.toString('base64') } };
  }
  if (stat.isSymbolicLink()) return { type: 'symlink', ...common, target: readLink(host) };
  const device = unpackDevice(stat.rdev);
  if (stat.isFIFO()) return { type: 'fifo', ...common, ...device };
  if (stat.isCharacterDevice()) return { type: 'char', ...common, ...device };
  if (stat.isBlockDevice()) return { type: 'block', ...common, ...device };
  throw new SlipwayError('ROOTFS_UNKNOWN_TYPE', `\`/${path}\` is of a type no layer can hold`);
}

function metadata(path: string, stat: BigIntStats): { path: string; mode: number; uid: number; gid: number; mtimeSec: number } {
  const mtimeSec = Math.floor(Number(stat.mtimeMs) / 1000);
  return { path, mode: Number(stat.mode) & 0o7777, uid: Number(stat.uid), gid: Number(stat.gid), mtimeSec };
}

function statOf(host: string, path: string): BigIntStats {
  try {
    return lstatSync(fsPath(host), { bigint: true });
  } catch (error) {
    if (!isNodeError(error) || error.code !== 'ENAMETOOLONG') throw error;
    throw new SlipwayError(
      'ROOTFS_PATH_TOO_LONG',
      `the step made a path of ${path.length} characters, \`/${path.slice(0, 60)}…\`: nothing can read it, or write it anywhere else`,
      {
        class: 'step',
        cause: error,
        hint: 'a path may have 4,096 bytes, with the place where the layer is stored in front of it',
      },
    );
  }
}
