import { SlipwayError } from '../base/index.ts';
import { opaqueName, type TarEntry, whiteoutPrefix } from './entry.ts';
import { blockSize } from './header.ts';
import { type HeaderFields, paxRecords, printHeader } from './print-header.ts';

export interface TarWriterOptions {
  /** Takes the tar's bytes in order. `chunk` is valid during the call only: copy it, hash it or write it at once. */
  readonly output: (chunk: Uint8Array) => void;
  /** Write `.wh..wh..opq` into directories that are opaque. Default true; else they must have been expanded before. */
  readonly opaqueMarkers?: boolean | undefined;
}

const bufferBytes = 256 * 1024;
const typeFlags = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6', whiteout: '0' } as const;

/**
 * Writes a layer tar: equal entries and contents give equal bytes. Call `writeHeader` for each entry in index order; after that
 * of a file, `writeContent` until `sizeBytes` are written; at last `finish`.
 */
export class TarWriter {
  readonly #output: (chunk: Uint8Array) => void;
  readonly #marksOpaque: boolean;
  readonly #buffer: Buffer = Buffer.allocUnsafe(bufferBytes);
  #fill = 0;
  #flushed = 0;
  /** Content bytes that the last header promised and that did not come yet. */
  #owed = 0;
  #padding = 0;
  #path = '';
  /** What a hard link may name: all but directories written so far. */
  readonly #linkable = new Map<string, Linkable>();

  constructor(options: TarWriterOptions) {
    this.#output = options.output;
    this.#marksOpaque = options.opaqueMarkers ?? true;
  }

  /**
   * Write the header of an entry. The root itself has none. A hard link comes after the file it names: its header repeats
   * that file's owner, mode, time and xattrs, because readers apply those of every header.
   *
   * @returns where the content starts in the tar, in bytes.
   * @throws {SlipwayError} `TAR_SIZE_MISMATCH` the content of the entry before is not complete; `TAR_BAD_HARDLINK` the file that
   * a hard link names was not written before it.
   */
  writeHeader(entry: TarEntry): number {
    this.#settle();
    this.#path = entry.path;
    if (entry.path !== '') this.#header(entry.type === 'hardlink' ? this.#linkHeader(entry) : headerOf(entry));
    if (entry.type !== 'dir' && entry.type !== 'hardlink' && entry.type !== 'whiteout') this.#linkable.set(entry.path, entry);
    const offset = this.#flushed + this.#fill;
    if (entry.type === 'file') {
      this.#owed = entry.sizeBytes;
      this.#padding = (blockSize - (entry.sizeBytes % blockSize)) % blockSize;
    } else if (entry.type === 'dir' && entry.opaque === true && this.#marksOpaque) {
      this.#header(emptyFile(entry.path === '' ? opaqueName : `${entry.path}/${opaqueName}`));
    }
    return offset;
  }

  /** Write a piece of the content of the last file. @throws {SlipwayError} `TAR_SIZE_MISMATCH` more than its header said. */
  writeContent(chunk: Uint8Array): void {
    if (chunk.length > this.#owed) throw sizeMismatch(this.#path, `${chunk.length - this.#owed} bytes longer`);
    this.#owed -= chunk.length;
    if (chunk.length > bufferBytes / 4) {
      this.#flush();
      this.#output(chunk);
      this.#flushed += chunk.length;
    } else {
      this.#room(chunk.length);
      this.#buffer.set(chunk, this.#fill);
      this.#fill += chunk.length;
    }
    if (this.#owed === 0) this.#pad();
  }

  /** Write the end of the tar. @returns its length in bytes. @throws {SlipwayError} `TAR_SIZE_MISMATCH` */
  finish(): number {
    this.#settle();
    this.#zeros(2 * blockSize);
    this.#flush();
    return this.#flushed;
  }

  #settle(): void {
    if (this.#owed > 0) throw sizeMismatch(this.#path, `${this.#owed} bytes shorter`);
    this.#pad();
  }

  #pad(): void {
    this.#zeros(this.#padding);
    this.#padding = 0;
  }

  #linkHeader(link: { readonly path: string; readonly target: string }): HeaderFields {
    const target = this.#linkable.get(link.target);
    if (target === undefined) throw badHardlink(link);
    return { ...headerOf(target), name: link.path, type: typeFlags.hardlink, linkName: link.target, size: 0, major: 0, minor: 0 };
  }

  #header(header: HeaderFields): void {
    const records = paxRecords(header);
    if (records !== undefined) {
      const base = header.name.replace(/\/$/, '').slice(header.name.replace(/\/$/, '').lastIndexOf('/') + 1);
      this.#block({ ...emptyFile(`PaxHeaders.0/${base}`), type: 'x', size: records.length });
      this.#raw(records);
      this.#zeros((blockSize - (records.length % blockSize)) % blockSize);
    }
    this.#block(header);
  }

  #block(header: HeaderFields): void {
    this.#room(blockSize);
    printHeader(this.#buffer, this.#fill, header);
    this.#fill += blockSize;
  }

  #raw(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += blockSize) {
      this.#room(blockSize);
      this.#fill += bytes.copy(this.#buffer, this.#fill, at, Math.min(at + blockSize, bytes.length));
    }
  }

  #zeros(count: number): void {
    this.#room(count);
    this.#buffer.fill(0, this.#fill, this.#fill + count);
    this.#fill += count;
  }

  #room(count: number): void {
    if (this.#fill + count > bufferBytes) this.#flush();
  }

  #flush(): void {
    if (this.#fill === 0) return;
    this.#output(this.#buffer.subarray(0, this.#fill));
    this.#flushed += this.#fill;
    this.#fill = 0;
  }
}

type Linkable = Exclude<TarEntry, { readonly type: 'dir' | 'hardlink' | 'whiteout' }>;

function headerOf(entry: Exclude<TarEntry, { readonly type: 'hardlink' }>): HeaderFields {
  if (entry.type === 'whiteout') {
    const slash = entry.path.lastIndexOf('/') + 1;
    return emptyFile(`${entry.path.slice(0, slash)}${whiteoutPrefix}${entry.path.slice(slash)}`);
  }
  const isSpecial = entry.type === 'char' || entry.type === 'block' || entry.type === 'fifo';
  return {
    name: entry.type === 'dir' ? `${entry.path}/` : entry.path,
    type: typeFlags[entry.type],
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.type === 'file' ? entry.sizeBytes : 0,
    mtime: entry.mtimeSec,
    linkName: entry.type === 'symlink' ? entry.target : '',
    major: isSpecial ? entry.major : 0,
    minor: isSpecial ? entry.minor : 0,
    xattrs: entry.xattrs,
  };
}

function emptyFile(name: string): HeaderFields {
  return { name, type: '0', mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, linkName: '', major: 0, minor: 0, xattrs: undefined };
}

function sizeMismatch(path: string, by: string): SlipwayError {
  return new SlipwayError('TAR_SIZE_MISMATCH', `\`/${path}\` is ${by} than when the step began`, {
    hint: 'something changed the file during the build: build again when it is at rest',
  });
}

function badHardlink(link: { readonly path: string; readonly target: string }): SlipwayError {
  return new SlipwayError(
    'TAR_BAD_HARDLINK',
    `the hard link \`/${link.path}\` names \`/${link.target}\`, which is not in the layer before it`,
    {
      class: 'internal',
      hint: 'this is a mistake of Slipway: please report it',
    },
  );
}
