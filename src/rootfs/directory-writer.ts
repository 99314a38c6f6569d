import { closeSync, constants, linkSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { type HostPath, isNodeError, SlipwayError } from '../base/index.ts';
import { type DirEntry, type Entry, type FileEntry, type HardlinkEntry, parentOf } from '../layer/index.ts';
import { mknod, NativeError, setXattr } from '../native/index.ts';
import { applyToOpenFile, applyToPath, applyXattrs, currentMaker } from './entry-metadata.ts';
import { opaqueXattr } from './lower-view.ts';

export interface DirectoryWriterOptions {
  /** The metadata of a directory that entries lie in but that has no entry of its own; default: root's, 0755. */
  readonly implicitDirectory?: (path: string) => DirEntry | undefined;
}

/** Makes the directory form of one layer, entry by entry, in any order; a later entry of a path replaces an earlier one. */
export interface DirectoryWriter {
  /** Everything but a file. @throws {SlipwayError} `ROOTFS_BAD_PATH`; `ROOTFS_PARENT_NOT_DIRECTORY` */
  add(entry: Exclude<Entry, FileEntry>): void;
  /** A file and all its bytes. */
  addFile(entry: FileEntry, content: Iterable<Uint8Array>): void;
  /** A file whose bytes come later: write them, then `end`. Other entries may be added meanwhile. */
  beginFile(entry: FileEntry): OpenFile;
  /** A second name for the file `from` of the host. Answers false, with nothing done, when it cannot have one. */
  linkFile(entry: FileEntry, from: HostPath): boolean;
  /** Hard links, whiteouts, and last the directories' own metadata. */
  finish(): void;
}

export interface OpenFile {
  readonly fd: number;
  write(chunk: Uint8Array): void;
  /** Owner, mode, times; closes. */
  end(): void;
  /** Close after a failure. */
  abandon(): void;
}

const createFlags: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const badPath = /^$|(?:^|\/)(?:\.{0,2})(?:\/|$)|\0/;

/**
 * Write into the empty directory `dest`, which nobody else may change meanwhile. No entry can leave it: every parent must be
 * a directory that this writer made, so no symlink is ever followed.
 */
export function createDirectoryWriter(dest: HostPath, options: DirectoryWriterOptions = {}): DirectoryWriter {
  const maker = currentMaker(dest);
  const directories = new Map<string, DirEntry | undefined>([['', undefined]]);
  const hardlinks: HardlinkEntry[] = [];
  const whiteouts: string[] = [];

  const place = (path: string): string => {
    if (badPath.test(path)) throw new SlipwayError('ROOTFS_BAD_PATH', `\`${path}\` is not a path inside a layer`);
    const parent = parentOf(path);
    if (!directories.has(parent)) makeParent(parent);
    return `${dest}/${path}`;
  };
  const makeParent = (path: string): void => {
    const host = place(path);
    try {
      mkdirSync(host, 0o700);
    } catch (error) {
      if (!isExisting(error)) throw error;
      throw new SlipwayError(
        'ROOTFS_PARENT_NOT_DIRECTORY',
        `the layer has entries below \`/${path}\`, which it says is no directory`,
      );
    }
    directories.set(path, options.implicitDirectory?.(path));
  };
  const forget = (path: string): void => {
    rmSync(`${dest}/${path}`, { recursive: true, force: true });
    for (const known of directories.keys()) if (known === path || known.startsWith(`${path}/`)) directories.delete(known);
  };
  /** Create what is at `path` now; what was there before goes. */
  const create = <T>(path: string, work: (host: string) => T): T => {
    const host = place(path);
    try {
      return work(host);
    } catch (error) {
      if (!isExisting(error)) throw error;
      forget(path);
      return work(host);
    }
  };
  const addDirectory = (entry: DirEntry): void => {
    if (!directories.has(entry.path)) create(entry.path, (host) => mkdirSync(host, 0o700));
    directories.set(entry.path, entry);
  };
  const beginFile = (entry: FileEntry): OpenFile => {
    const host = `${dest}/${entry.path}`;
    const fd = create(entry.path, (path) => openSync(path, createFlags, entry.mode & 0o777));
    return {
      fd,
      write(chunk) {
        for (let done = 0; done < chunk.byteLength; ) done += writeSync(fd, chunk, done);
      },
      end() {
        try {
          applyToOpenFile(fd, entry, maker);
        } finally {
          closeSync(fd);
        }
        applyXattrs(host, entry);
      },
      abandon: () => closeSync(fd),
    };
  };

  return {
    add(entry) {
      switch (entry.type) {
        case 'dir':
          return addDirectory(entry);
        case 'symlink':
          return create(entry.path, (host) => {
            symlinkSync(entry.target, host);
            applyToPath(host, entry, maker, { isSymlink: true });
          });
        case 'hardlink':
          if (!addHardlink(entry)) hardlinks.push(entry);
          return;
        case 'whiteout':
          return void whiteouts.push(entry.path);
        default:
          return create(entry.path, (host) => {
            mknod(host, entry.type, 0o600, entry);
            applyToPath(host, entry, maker, { isSymlink: false });
          });
      }
    },
    addFile(entry, content) {
      const file = beginFile(entry);
      try {
        for (const chunk of content) file.write(chunk);
      } catch (error) {
        file.abandon();
        throw error;
      }
      file.end();
    },
    beginFile,
    linkFile: (entry, from) =>
      create(entry.path, (host) => {
        try {
          linkSync(from, host);
          return true;
        } catch (error) {
          if (isNodeError(error) && cannotLink.has(error.code ?? '')) return false;
          throw error;
        }
      }),
    finish() {
      for (const link of hardlinks) if (!addHardlink(link)) throw noTarget(link);
      for (const path of whiteouts) addWhiteout(path);
      for (const [path, entry] of [...directories].reverse()) {
        if (entry === undefined && path === '') continue;
        const host = path === '' ? dest : `${dest}/${path}`;
        if (entry?.opaque === true) setXattr(host, opaqueXattr, Buffer.from('y'));
        applyToPath(host, entry ?? { path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 }, maker, { isSymlink: false });
      }
    },
  };

  /** Answers false while the target isn't there. */
  function addHardlink({ path, target }: HardlinkEntry): boolean {
    if (badPath.test(target) || !directories.has(parentOf(target))) return false;
    return create(path, (host) => {
      try {
        linkSync(`${dest}/${target}`, host);
        return true;
      } catch (error) {
        if (isNodeError(error) && (error.code === 'ENOENT' || error.code === 'EPERM')) return false;
        throw error;
      }
    });
  }

  /** A whiteout speaks of the layers below: what this layer has at the path itself stays. */
  function addWhiteout(path: string): void {
    const host = place(path);
    const directory = directories.get(path);
    if (directory !== undefined) directories.set(path, { ...directory, opaque: true });
    else if (!directories.has(path)) {
      try {
        mknod(host, 'char', 0, { major: 0, minor: 0 });
      } catch (error) {
        if (!isExisting(error)) throw error;
      }
    }
  }
}

const cannotLink: ReadonlySet<string> = new Set(['EMLINK', 'EXDEV', 'EPERM', 'ENOENT']);

function isExisting(error: unknown): boolean {
  return error instanceof NativeError ? error.errno === 'EEXIST' : isNodeError(error) && error.code === 'EEXIST';
}

function noTarget({ path, target }: HardlinkEntry): SlipwayError {
  return new SlipwayError('ROOTFS_LINK_TARGET', `the hard link \`/${path}\` names \`/${target}\`, which is no file of its layer`);
}
