import { lstatSync, type Stats } from 'node:fs';
import { type HostPath, isNotFound } from '../base/index.ts';
import { fsPath, getXattr, readNames } from '../native/index.ts';

/** The attribute that makes a directory hide what is below it. */
export const opaqueXattr = 'trusted.overlay.opaque';

export function isOpaqueDirectory(path: string): boolean {
  const value = getXattr(path, opaqueXattr);
  return value !== undefined && value.length === 1 && value[0] === 0x79;
}

/** What a stack of layer directories shows at a path. Looks at the disk only for the paths that are asked for. */
export class LowerView {
  readonly #directories = new Map<string, readonly string[]>();

  /** `lowers`: topmost first. */
  constructor(lowers: readonly HostPath[]) {
    this.#directories.set('', lowers);
  }

  /** The directory that is seen at `path`, or undefined when there is none. */
  directory(path: string): Stats | undefined {
    const topmost = this.#merged(path)[0];
    return topmost === undefined ? undefined : lstatSync(fsPath(topmost));
  }

  /** The names that are seen in the directory at `path`, in no particular order; none when there is no directory. */
  names(path: string): readonly string[] {
    const isSeen = new Map<string, boolean>();
    for (const directory of this.#merged(path)) {
      for (const name of readNames(directory)) {
        if (!isSeen.has(name)) isSeen.set(name, !isWhiteout(`${directory}/${name}`));
      }
    }
    return [...isSeen].flatMap(([name, seen]) => (seen ? [name] : []));
  }

  /** Where the directories are that make up `path`, topmost first. */
  #merged(path: string): readonly string[] {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const found: string[] = [];
    for (const parent of this.#merged(slash < 0 ? '' : path.slice(0, slash))) {
      const candidate = `${parent}/${name}`;
      const stat = statIfThere(candidate);
      if (stat === undefined) continue;
      if (!stat.isDirectory()) break;
      found.push(candidate);
      if (isOpaqueDirectory(candidate)) break;
    }
    this.#directories.set(path, found);
    return found;
  }
}

function isWhiteout(path: string): boolean {
  const stat = lstatSync(fsPath(path));
  return stat.isCharacterDevice() && stat.rdev === 0;
}

function statIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
