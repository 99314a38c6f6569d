import { SlipwayError } from '../base/index.ts';
import type { TarMember } from './member.ts';

// These shapes equal those of a layer index, which this folder must not import; a test proves them equal.

interface Meta {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
}

export interface TarFileEntry extends Meta {
  readonly type: 'file';
  readonly sizeBytes: number;
  readonly tarOffset?: number | undefined;
}

export interface TarDirEntry extends Meta {
  readonly type: 'dir';
  readonly opaque?: boolean | undefined;
}

/** One line of a layer, as a tar can hold it. */
export type TarEntry =
  | TarFileEntry
  | TarDirEntry
  | (Meta & { readonly type: 'symlink'; readonly target: string })
  | (Meta & { readonly type: 'char' | 'block' | 'fifo'; readonly major: number; readonly minor: number })
  | { readonly type: 'hardlink'; readonly path: string; readonly target: string }
  | { readonly type: 'whiteout'; readonly path: string };

/** `.wh..wh..opq` in the directory `path`. */
export interface TarOpaqueMarker {
  readonly type: 'opaque';
  readonly path: string;
}

/** Before the name of what is gone. */
export const whiteoutPrefix = '.wh.';
export const opaqueName = '.wh..wh..opq';

/**
 * The entry that a member of a layer tar stands for. Undefined for the old special files of AUFS, which are ignored.
 *
 * @throws {SlipwayError} `TAR_UNSAFE_NAME` the name or the target of a hard link climbs out of the root; `TAR_UNSUPPORTED` it is a
 * sparse file, whose bytes cannot be read in place.
 */
export function toLayerEntry(member: TarMember): TarEntry | TarOpaqueMarker | undefined {
  if (member.isSparse) {
    throw new SlipwayError('TAR_UNSUPPORTED', `cannot read the tar as a layer: \`${member.name}\` is a sparse file`, {
      hint: 'make the tar again without `--sparse`, or unpack it with ADD',
    });
  }
  const path = cleanMemberName(member.name);
  const slash = path.lastIndexOf('/');
  const base = path.slice(slash + 1);
  if (!base.startsWith(whiteoutPrefix)) return toEntryAt(member, path);
  const dir = slash < 0 ? '' : path.slice(0, slash);
  if (base === opaqueName) return { type: 'opaque', path: dir };
  const gone = base.slice(whiteoutPrefix.length);
  if (gone.startsWith(whiteoutPrefix) || gone === '' || gone === '.' || gone === '..') return undefined;
  return { type: 'whiteout', path: dir === '' ? gone : `${dir}/${gone}` };
}

/**
 * The entry of a member of an ordinary archive, where names such as `.wh.x` mean nothing special.
 *
 * @throws {SlipwayError} `TAR_UNSAFE_NAME`
 */
export function toArchiveEntry(member: TarMember): TarEntry {
  return toEntryAt(member, cleanMemberName(member.name));
}

/**
 * A member's name as a path relative to the root: no leading `/` or `./`, `..` resolved lexically.
 *
 * @throws {SlipwayError} `TAR_UNSAFE_NAME` it climbs out of the root.
 */
export function cleanMemberName(name: string): string {
  if (isClean(name)) return name;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) {
      throw new SlipwayError('TAR_UNSAFE_NAME', `the tar names \`${name.slice(0, 200)}\`, which is outside of its root`, {
        hint: 'make the archive again without `..` in its names',
      });
    }
  }
  return parts.join('/');
}

function isClean(name: string): boolean {
  return name !== '' && !name.startsWith('/') && !name.endsWith('/') && !name.includes('//') && !/(^|\/)\.\.?(\/|$)/.test(name);
}

function toEntryAt(member: TarMember, path: string): TarEntry {
  const { mode, uid, gid, mtimeSec, xattrs } = member;
  switch (member.type) {
    case 'file':
      return { type: 'file', path, mode, uid, gid, mtimeSec, xattrs, sizeBytes: member.sizeBytes, tarOffset: member.offset };
    case 'dir':
      return { type: 'dir', path, mode, uid, gid, mtimeSec, xattrs };
    case 'symlink':
      return { type: 'symlink', path, mode, uid, gid, mtimeSec, xattrs, target: member.linkName };
    case 'hardlink':
      return { type: 'hardlink', path, target: cleanMemberName(member.linkName) };
    case 'char':
    case 'block':
    case 'fifo':
      return { type: member.type, path, mode, uid, gid, mtimeSec, xattrs, major: member.major, minor: member.minor };
  }
}
