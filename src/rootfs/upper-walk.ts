import { lstatSync, type Stats } from 'node:fs';
import { type HostPath, SlipwayError } from '../base/index.ts';
import { comparePaths, type Entry } from '../layer/index.ts';
import { fsPath, getXattr, readLink, readNames, unpackDevice } from '../native/index.ts';
import { isOpaqueDirectory, LowerView } from './lower-view.ts';

const typeMask = 0o170000;
const fileBits = 0o100000;
const directoryBits = 0o040000;
const symlinkBits = 0o120000;
const socketBits = 0o140000;
const specialTypes: ReadonlyMap<number, 'char' | 'block' | 'fifo'> = new Map([
  [0o020000, 'char'],
  [0o060000, 'block'],
  [0o010000, 'fifo'],
]);

/** The one extended attribute that a layer made here carries. */
const keptXattr = 'security.capability';

interface Walk {
  readonly entries: Entry[];
  /** First path of each inode with several names. */
  readonly firstNames: Map<string, string>;
  readonly lowers: LowerView;
}

/**
 * The upper directory of an unmounted overlay as the entries of a layer, in index order.
 *
 * A directory that overlayfs copied up though nothing in it changed is left out; every other parent of a change is there.
 * A directory that hides one of `lowers` (topmost first) becomes one whiteout for each name that is gone with it.
 */
export function walkUpper(upper: HostPath, options: { readonly lowers: readonly HostPath[] }): Entry[] {
  const walk: Walk = { entries: [], firstNames: new Map(), lowers: new LowerView(options.lowers) };
  walkDirectory(walk, upper, '', false);
  return walk.entries;
}

/** `hidesLower`: nothing of the lower layers is seen in here. */
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
    const stat = lstatSync(fsPath(host));
    if ((stat.mode & typeMask) === directoryBits) addDirectory(walk, host, path, stat, hidesLower);
    else addLeaf(walk, host, path, stat);
  }
}

function addDirectory(walk: Walk, host: string, path: string, stat: Stats, isHidden: boolean): void {
  const { entries, lowers } = walk;
  entries.push({ type: 'dir', ...metadata(path, stat) });
  const before = entries.length;
  const hidesLower = isHidden || isOpaqueDirectory(host);
  walkDirectory(walk, host, path, hidesLower);
  if (entries.length > before) return;
  const below = lowers.directory(path);
  if (below !== undefined && below.mode === stat.mode && below.uid === stat.uid && below.gid === stat.gid) entries.pop();
}

function addLeaf(walk: Walk, host: string, path: string, stat: Stats): void {
  const { entries } = walk;
  const type = stat.mode & typeMask;
  if (type === 0o020000 && stat.rdev === 0) {
    entries.push({ type: 'whiteout', path });
    return;
  }
  if (type === socketBits) return;
  if (stat.nlink > 1) {
    const { dev, ino } = lstatSync(fsPath(host), { bigint: true });
    const key = `${dev}:${ino}`;
    const target = walk.firstNames.get(key);
    if (target !== undefined) {
      entries.push({ type: 'hardlink', path, target });
      return;
    }
    walk.firstNames.set(key, path);
  }
  entries.push(leaf(host, path, stat, type));
}

function leaf(host: string, path: string, stat: Stats, type: number): Entry {
  if (type === fileBits) {
    const entry: Entry = { type: 'file', ...metadata(path, stat), sizeBytes: stat.size };
    const capability = getXattr(host, keptXattr);
    return capability === undefined ? entry : { ...entry, xattrs: { [keptXattr]: capability.toString('base64') } };
  }
  if (type === symlinkBits) return { type: 'symlink', ...metadata(path, stat), target: readLink(host) };
  const special = specialTypes.get(type);
  if (special === undefined) throw new SlipwayError('ROOTFS_UNKNOWN_TYPE', `\`/${path}\` is of a type no layer can hold`);
  return { type: special, ...metadata(path, stat), ...unpackDevice(stat.rdev) };
}

function metadata(path: string, stat: Stats): { path: string; mode: number; uid: number; gid: number; mtimeSec: number } {
  return { path, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, mtimeSec: Math.floor(stat.mtimeMs / 1000) };
}
