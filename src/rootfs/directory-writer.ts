import { closeSync, constants, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { type HostPath, isNodeError, SlipwayError } from '../base/index.ts';
import { type DirEntry, type Entry, type FileEntry, type HardlinkEntry, parentOf } from '../layer/index.ts';
import { fsPath, mknod, NativeError, removeTree, setXattr } from '../native/index.ts';
import { applyToOpenFile, applyToPath, applyXattrs, currentMaker, type Maker } from './entry-metadata.ts';
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
  return new LayerDirectory(dest, options);
}

class LayerDirectory implements DirectoryWriter {
  readonly #dest: HostPath;
  readonly #maker: Maker;
  readonly #implicitDirectory: (path: string) => DirEntry | undefined;
  /** Those that were made, parents first; with the entry they get their metadata from. */
  readonly #directories = new Map<string, DirEntry | undefined>([['', undefined]]);
  /** Hard links whose target isn't there yet. */
  readonly #hardlinks: HardlinkEntry[] = [];
  readonly #whiteouts: string[] = [];

  constructor(dest: HostPath, options: DirectoryWriterOptions) {
    this.#dest = dest;
    this.#maker = currentMaker(dest);
    this.#implicitDirectory = options.implicitDirectory ?? (() => undefined);
  }

  add(entry: Exclude<Entry, FileEntry>): void {
    switch (entry.type) {
      case 'dir':
        if (!this.#directories.has(entry.path)) this.#create(entry.path, (host) => mkdirSync(fsPath(host), 0o700));
        this.#directories.set(entry.path, entry);
        return;
      case 'symlink':
        return this.#create(entry.path, (host) => {
          symlinkSync(fsPath(entry.target), fsPath(host));
          applyToPath(host, entry, this.#maker, { isSymlink: true });
        });
      case 'hardlink':
        if (!this.#addHardlink(entry)) this.#hardlinks.push(entry);
        return;
      case 'whiteout':
        this.#whiteouts.push(entry.path);
        return;
      case 'char':
      case 'block':
      case 'fifo':
        return this.#create(entry.path, (host) => {
          mknod(host, entry.type, 0o600, entry);
          applyToPath(host, entry, this.#maker, { isSymlink: false });
        });
    }
  }

  addFile(entry: FileEntry, content: Iterable<Uint8Array>): void {
    const file = this.beginFile(entry);
    try {
      for (const chunk of content) file.write(chunk);
    } catch (error) {
      file.abandon();
      throw error;
    }
    file.end();
  }

  beginFile(entry: FileEntry): OpenFile {
    const fd = this.#create(entry.path, (path) => openSync(fsPath(path), createFlags, entry.mode & 0o777));
    return {
      fd,
      write: (chunk) => {
        for (let done = 0; done < chunk.byteLength; ) done += writeSync(fd, chunk, done);
      },
      end: () => {
        try {
          applyToOpenFile(fd, entry, this.#maker);
        } finally {
          closeSync(fd);
        }
        applyXattrs(`${this.#dest}/${entry.path}`, entry);
      },
      abandon: () => closeSync(fd),
    };
  }

  linkFile(entry: FileEntry, from: HostPath): boolean {
    return this.#create(entry.path, (host) => tryLink(from, host));
  }

  finish(): void {
    for (const link of this.#hardlinks) if (!this.#addHardlink(link)) throw noTarget(link);
    for (const path of this.#whiteouts) this.#addWhiteout(path);
    for (const [path, entry] of [...this.#directories].reverse()) {
      if (entry === undefined && path === '') continue;
      const host = path === '' ? this.#dest : `${this.#dest}/${path}`;
      if (entry?.opaque === true) setXattr(host, opaqueXattr, Buffer.from('y'));
      applyToPath(host, entry ?? { path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 }, this.#maker, { isSymlink: false });
    }
  }

  /** Create what is at `path` now; what was there before goes. */
  #create<T>(path: string, work: (host: string) => T): T {
    const host = this.#place(path);
    try {
      return work(host);
    } catch (error) {
      if (!isExisting(error)) throw error;
      this.#forget(path);
      return work(host);
    }
  }

  #place(path: string): string {
    if (badPath.test(path)) throw new SlipwayError('ROOTFS_BAD_PATH', `\`${path}\` is not a path inside a layer`);
    const parent = parentOf(path);
    if (!this.#directories.has(parent)) this.#makeParent(parent);
    return `${this.#dest}/${path}`;
  }

  #makeParent(path: string): void {
    try {
      mkdirSync(fsPath(this.#place(path)), 0o700);
    } catch (error) {
      if (!isExisting(error)) throw error;
      throw new SlipwayError(
        'ROOTFS_PARENT_NOT_DIRECTORY',
        `the layer has entries below \`/${path}\`, which it says is no directory`,
      );
    }
    this.#directories.set(path, this.#implicitDirectory(path));
  }

  #forget(path: string): void {
    removeTree(`${this.#dest}/${path}`);
    for (const known of this.#directories.keys()) {
      if (known === path || known.startsWith(`${path}/`)) this.#directories.delete(known);
    }
  }

  /** Answers false while the target isn't there. */
  #addHardlink({ path, target }: HardlinkEntry): boolean {
    if (badPath.test(target) || !this.#directories.has(parentOf(target))) return false;
    return this.#create(path, (host) => tryLink(`${this.#dest}/${target}`, host));
  }

  /** A whiteout speaks of the layers below: what this layer has at the path itself stays. */
  #addWhiteout(path: string): void {
    const host = this.#place(path);
    const directory = this.#directories.get(path);
    if (directory !== undefined) this.#directories.set(path, { ...directory, opaque: true });
    else if (!this.#directories.has(path)) {
      try {
        mknod(host, 'char', 0, { major: 0, minor: 0 });
      } catch (error) {
        if (!isExisting(error)) throw error;
      }
    }
  }
}

const cannotLink: ReadonlySet<string> = new Set(['EMLINK', 'EXDEV', 'EPERM', 'ENOENT']);

function tryLink(from: string, host: string): boolean {
  try {
    linkSync(fsPath(from), fsPath(host));
    return true;
  } catch (error) {
    if (isNodeError(error) && cannotLink.has(error.code ?? '')) return false;
    throw error;
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof NativeError ? error.errno === 'EEXIST' : isNodeError(error) && error.code === 'EEXIST';
}

function noTarget({ path, target }: HardlinkEntry): SlipwayError {
  return new SlipwayError('ROOTFS_LINK_TARGET', `the hard link \`/${path}\` names \`/${target}\`, which is no file of its layer`);
}
