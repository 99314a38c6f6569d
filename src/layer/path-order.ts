import { encodeFileName } from '../base/index.ts';

/**
 * The order of entries in an index and in a tar: by path component, each by its bytes, so that a directory
 * comes before what it holds and `a/x` before `a.b`.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return mayBeRaw(left) || mayBeRaw(right) ? compareBytes(a, b) : rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** `entries` in index order; the same array when it is in order already. */
export function sortEntries<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  for (let at = 1; at < entries.length; at++) {
    if (comparePaths(entries[at - 1]?.path ?? '', entries[at]?.path ?? '') > 0) {
      return [...entries].sort((a, b) => comparePaths(a.path, b.path));
    }
  }
  return entries;
}

/** `a/b` → `a`; `a` → ``. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joinPath(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

/** Half of a character, or a byte that is not UTF-8: see `decodeFileName`. */
function mayBeRaw(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}

function compareBytes(a: string, b: string): number {
  const [left, right] = [encodeFileName(a), encodeFileName(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  if (at < 0) return left.length - right.length;
  return rank(left[at] ?? 0) - rank(right[at] ?? -1);
}

/** UTF-16 units ranked as the code points, and so the UTF-8 bytes, they stand for; `/` comes first. */
function rank(unit: number): number {
  if (unit === 0x2f) return -1;
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
