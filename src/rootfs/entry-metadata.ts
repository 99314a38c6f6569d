import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lstatSync, lutimesSync } from 'node:fs';
import { isNodeError, SlipwayError } from '../base/index.ts';
import type { FileEntry } from '../layer/index.ts';
import { fsPath, getXattr, listXattrs, NativeError, setXattr, statIfThere } from '../native/index.ts';

/** What an entry says about its inode, beside the content. */
export interface Metadata {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
}

/** Attributes with which a layer could talk to overlayfs itself. */
const overlayXattr = /^(trusted|user)\.overlay\./;

/** Attributes the host's security module puts on everything; they are no part of a layer. */
const hostXattrs: ReadonlySet<string> = new Set(['security.selinux', 'security.ima', 'security.evm']);

const none: Readonly<Record<string, string>> = {};

/** Who makes a file here without being asked. */
export interface Maker {
  readonly uid: number;
  readonly gid: number;
  readonly umask: number;
}

/** The maker of what is created in `directory`: a setgid directory hands its group down. */
export function currentMaker(directory: string): Maker {
  const { mode, gid } = lstatSync(directory);
  const isInherited = (mode & 0o2000) !== 0;
  return { uid: process.geteuid?.() ?? 0, gid: isInherited ? gid : (process.getegid?.() ?? 0), umask: process.umask() };
}

/** For a file just created with `mode & 0o777`. Owner first: changing it clears the setuid bits. Leaves attributes to the caller. */
export function applyToOpenFile(fd: number, metadata: Metadata, maker: Maker): void {
  const { mode, uid, gid, mtimeSec } = metadata;
  if (uid !== maker.uid || gid !== maker.gid) owned(metadata, () => fchownSync(fd, uid, gid));
  if ((mode & ~0o777) !== 0 || (mode & maker.umask) !== 0) fchmodSync(fd, mode);
  futimesSync(fd, mtimeSec, mtimeSec);
}

/** For everything that cannot be opened, `host` being neither followed nor a hard link. */
export function applyToPath(host: string, metadata: Metadata, maker: Maker, options: { readonly isSymlink: boolean }): void {
  const { uid, gid } = metadata;
  if (uid !== maker.uid || gid !== maker.gid) owned(metadata, () => lchownSync(fsPath(host), uid, gid));
  if (!options.isSymlink) chmodSync(fsPath(host), metadata.mode);
  applyXattrs(host, metadata);
  lutimesSync(fsPath(host), metadata.mtimeSec, metadata.mtimeSec);
}

/** After the owner, because changing that drops capabilities. What the file system cannot hold is left out. */
export function applyXattrs(host: string, { xattrs }: Metadata): void {
  if (xattrs === undefined) return;
  for (const [name, base64] of Object.entries(xattrs)) {
    if (overlayXattr.test(name)) continue;
    try {
      setXattr(host, name, Buffer.from(base64, 'base64'));
    } catch (error) {
      if (!(error instanceof NativeError) || !isBestEffort(name, error.errno)) throw error;
    }
  }
}

function isBestEffort(name: string, errno: string): boolean {
  return name !== 'security.capability' && (errno === 'EOPNOTSUPP' || errno === 'EPERM' || errno === 'EINVAL');
}

function owned(metadata: Metadata, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isNodeError(error) || (error.code !== 'EPERM' && error.code !== 'EINVAL')) throw error;
    throw new SlipwayError('ROOTFS_CHOWN_REFUSED', `cannot give \`/${metadata.path}\` to ${metadata.uid}:${metadata.gid}`, {
      class: 'permission',
      cause: error,
      hint: 'files of other owners need root, or a user namespace that maps them',
    });
  }
}

/** May `host` be given a second name as `entry`? Only when everything an inode holds is equal. */
export function isSameInode(host: string, entry: FileEntry): boolean {
  const stat = statIfThere(host);
  return (
    stat?.isFile() === true &&
    stat.size === entry.sizeBytes &&
    (stat.mode & 0o7777) === entry.mode &&
    stat.uid === entry.uid &&
    stat.gid === entry.gid &&
    Math.floor(stat.mtimeMs / 1000) === entry.mtimeSec &&
    hasSameXattrs(host, entry.xattrs ?? none)
  );
}

function hasSameXattrs(host: string, wanted: Readonly<Record<string, string>>): boolean {
  const names = listXattrs(host).filter((name) => !hostXattrs.has(name) && !overlayXattr.test(name));
  if (names.length !== Object.keys(wanted).length) return false;
  return names.every((name) => wanted[name] !== undefined && getXattr(host, name)?.toString('base64') === wanted[name]);
}
