import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type HostPath, SlipwayError } from '../base/index.ts';
import type { Entry, FileEntry } from '../layer/index.ts';
import { cloneFile, copyFileRange, fsPath } from '../native/index.ts';
import { createDirectoryWriter, type DirectoryWriterOptions, type OpenFile } from './directory-writer.ts';
import { isSameInode } from './entry-metadata.ts';

/** Where the bytes of a file are. */
type FileSource =
  /** Becomes a second name of `path` when owner, mode, time and attributes are equal, else a copy. `path` must never change again. */
  | { readonly kind: 'link'; readonly path: HostPath }
  | { readonly kind: 'copy'; readonly path: HostPath; readonly offset?: number; readonly sizeBytes: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

export interface DirectoryIo extends DirectoryWriterOptions {
  openFile(entry: FileEntry): FileSource;
}

export interface WrittenDirectory {
  readonly linkedFiles: number;
  readonly copiedBytes: number;
}

/**
 * Make the directory form of a layer from its entries, in the empty directory `dest`. Nothing is synced to the disk.
 *
 * @throws {SlipwayError} `ROOTFS_BAD_PATH`, `ROOTFS_PARENT_NOT_DIRECTORY`, `ROOTFS_LINK_TARGET` for hostile entries;
 *   `ROOTFS_SHORT_CONTENT` when a source has fewer bytes than the entry says
 */
export function writeDirectory(entries: readonly Entry[], dest: HostPath, io: DirectoryIo): WrittenDirectory {
  const writer = createDirectoryWriter(dest, io);
  using sources = new SourceFiles();
  let linkedFiles = 0;
  let copiedBytes = 0;
  for (const entry of entries) {
    if (entry.type !== 'file') {
      writer.add(entry);
      continue;
    }
    const source = io.openFile(entry);
    if (source.kind === 'bytes') {
      if (source.bytes.byteLength !== entry.sizeBytes) throw shortContent(entry);
      writer.addFile(entry, [source.bytes]);
      continue;
    }
    if (source.kind === 'link' && isSameInode(source.path, entry) && writer.linkFile(entry, source.path)) {
      linkedFiles += 1;
      continue;
    }
    const file = writer.beginFile(entry);
    try {
      sources.copy(source, entry, file);
    } catch (error) {
      file.abandon();
      throw error;
    }
    file.end();
    copiedBytes += entry.sizeBytes;
  }
  writer.finish();
  return { linkedFiles, copiedBytes };
}

/** Below this many bytes, one read and one write are the cheapest copy. */
const smallBytes = 65_536;
const chunkBytes = 262_144;

/** The files that are copied from; the last one stays open, because a blob serves many entries in a row. */
class SourceFiles implements Disposable {
  readonly #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #open: { readonly path: string; readonly fd: number } | undefined;
  #canClone = true;
  #canCopyInside = true;

  copy(source: Exclude<FileSource, { kind: 'bytes' }>, entry: FileEntry, target: OpenFile): void {
    const sizeBytes = entry.sizeBytes;
    if (source.kind === 'copy' && source.sizeBytes !== sizeBytes) throw shortContent(entry);
    if (sizeBytes === 0) return;
    const fd = this.#descriptor(source.path);
    const offset = source.kind === 'copy' ? (source.offset ?? 0) : 0;
    if (sizeBytes >= smallBytes) {
      const isWhole = source.kind === 'link' && fstatSync(fd).size === sizeBytes;
      if (isWhole && this.#canClone) {
        this.#canClone = cloneFile(fd, target.fd);
        if (this.#canClone) return;
      }
      if (this.#canCopyInside && this.#copyInside(fd, offset, entry, target)) return;
    }
    this.#copyThrough(fd, offset, entry, target);
  }

  /** Answers false when the kernel cannot copy between these files. */
  #copyInside(fd: number, offset: number, entry: FileEntry, target: OpenFile): boolean {
    for (let done = 0; done < entry.sizeBytes; ) {
      const count = copyFileRange(fd, offset + done, target.fd, entry.sizeBytes - done);
      if (count === undefined && done === 0) {
        this.#canCopyInside = false;
        return false;
      }
      if (count === undefined || count === 0) throw shortContent(entry);
      done += count;
    }
    return true;
  }

  #copyThrough(fd: number, offset: number, entry: FileEntry, target: OpenFile): void {
    for (let done = 0; done < entry.sizeBytes; ) {
      const count = readSync(fd, this.#buffer, 0, Math.min(chunkBytes, entry.sizeBytes - done), offset + done);
      if (count === 0) throw shortContent(entry);
      target.write(this.#buffer.subarray(0, count));
      done += count;
    }
  }

  #descriptor(path: HostPath): number {
    if (this.#open?.path === path) return this.#open.fd;
    this[Symbol.dispose]();
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#open = { path, fd };
    return fd;
  }

  [Symbol.dispose](): void {
    if (this.#open === undefined) return;
    closeSync(this.#open.fd);
    this.#open = undefined;
  }
}

function shortContent(entry: FileEntry): SlipwayError {
  return new SlipwayError('ROOTFS_SHORT_CONTENT', `the content of \`/${entry.path}\` is not ${entry.sizeBytes} bytes long`, {
    class: 'internal',
  });
}
