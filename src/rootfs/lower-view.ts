import { lstatSync, type BigIntStats } from 'node:fs';
import type { HostPath } from '../base/index.ts';
import { bigStatIfThere, fsPath, getXattr, readNames } from '../native/index.ts';

/** The attribute that makes a directory hide what is below it. */
export const opaqueXattr = 'trusted.overlay.opaque';

export function isOpaqueDirectory(path: string): boolean {
  const value = getXattr(path, opaqueXattr);
  return value !== undefined && value.length === 1 && value[0] === 0x79;
}

/** Something that the layers show. */
export interface LowerNode {
  readonly host: string;
  readonly stat: BigIntStats;
}

/** What a stack of layer directories shows at a path. Looks at the disk only for the paths that are asked for. */
export class LowerView {
  readonly #directories = new Map<string, readonly string[]>();

  /** `lowers`: topmost first. */
  constructor(lowers: readonly HostPath[]) {
    this.#directories.set('', lowers);
  }

  /** What is seen at `path`, itself not followed; undefined when nothing is. */
  node(path: string): LowerNode | undefined {
    const { parent, name } = split(path);
    for (const directory of this.#merged(parent)) {
      const host = `${directory}/${name}`;
      const stat = bigStatIfThere(host);
      if (stat !== undefined) return isWhiteout(stat) ? undefined : { host, stat };
    }
    return undefined;
  }

  /** The names that are seen in the directory at `path`, in no particular order; none when there is no directory. */
  names(path: string): readonly string[] {
    const isSeen = new Map<string, boolean>();
    for (const directory of this.#merged(path)) {
      for (const name of readNames(directory)) {
        if (!isSeen.has(name)) isSeen.set(name, !isWhiteout(lstatSync(fsPath(`${directory}/${name}`), { bigint: true })));
      }
    }
    return [...isSeen].flatMap(([name, seen]) => (seen ? [name] : []));
  }

  /** Where the directories are that make up `path`, topmost first. */
  #merged(path: string): readonly string[] {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const { parent, name } = split(path);
    const found: string[] = [];
    for (const directory of this.#merged(parent)) {
      const candidate = `${directory}/${name}`;
      const stat = bigStatIfThere(candidate);
      if (stat === undefined) continue;
      if (!stat.isDirectory()) break;
      found.push(candidate);
      if (isOpaqueDirectory(candidate)) break;
    }
    this.#directories.set(path, found);
    return found;
  }
}

function split(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}

function isWhiteout(stat: BigIntStats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0n;
}
