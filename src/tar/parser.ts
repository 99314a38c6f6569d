import { decodeFileName, SlipwayError } from '../base/index.ts';
import { asBuffer, badHeader, blockSize, isZero, parseHeader, type RawHeader } from './header.ts';
import type { TarMember, TarType } from './member.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { gnuSparse, pairs, SparseFile } from './sparse.ts';

export interface TarEvents {
  /** A member begins. */
  readonly onMember: (member: TarMember) => void;
  /** A piece of the content of the last member; valid during the call only. */
  readonly onData?: ((chunk: Uint8Array) => void) | undefined;
  /** The content of the last member is complete; called for every member. */
  readonly onEnd?: ((member: TarMember) => void) | undefined;
}

/** Takes the bytes of an uncompressed tar in pieces of any size. */
export interface TarParser {
  /** @throws {SlipwayError} `TAR_BAD_HEADER`, `TAR_UNSUPPORTED` and whatever the events throw. */
  write(chunk: Uint8Array): void;
  /** Say that there are no more bytes. @throws {SlipwayError} `TAR_TRUNCATED` */
  end(): void;
  /** The mark at the end of the tar was seen; what follows it is passed over. */
  readonly isDone: boolean;
}

/** Parse ustar, pax and GNU tars. Nothing that a header claims is allocated before its bytes came. */
export function createTarParser(events: TarEvents): TarParser {
  return new Parser(events);
}

const maxExtraBytes = 1 << 20;
const types: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'dir',
  '6': 'fifo',
};

/** What stands before a header and speaks of it. */
interface Extra {
  readonly kind: 'pax' | 'name' | 'link' | 'ignored';
  readonly pieces: Buffer[];
}

class Parser implements TarParser {
  readonly #events: TarEvents;
  /** Bytes of the whole stream already taken. */
  #taken = 0;
  readonly #block: Buffer = Buffer.alloc(blockSize);
  #blockFill = 0;
  /** Content bytes still to come, then padding. */
  #content = 0;
  #padding = 0;
  #member: TarMember | undefined;
  #extra: Extra | undefined;
  /** The file whose content comes, when it is sparse. */
  #sparse: SparseFile | undefined;
  #pax: PaxRecords = {};
  #longName: string | undefined;
  #longLink: string | undefined;
  #zeroBlocks = 0;
  #isDone = false;

  constructor(events: TarEvents) {
    this.#events = events;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  write(chunk: Uint8Array): void {
    const buffer = asBuffer(chunk);
    let at = 0;
    while (at < buffer.length && !this.#isDone) {
      const start = at;
      const sparse = this.#sparse;
      if (sparse !== undefined && sparse.mapSource !== 'complete')
        at = this.#takeBlock(buffer, at, (from, place) => this.#map(sparse, from, place));
      else if (this.#content > 0) at = this.#takeContent(buffer, at);
      else if (this.#padding > 0) {
        const count = Math.min(this.#padding, buffer.length - at);
        this.#padding -= count;
        at += count;
      } else at = this.#takeBlock(buffer, at, (from, place, offset) => this.#header(from, place, offset));
      this.#taken += at - start;
    }
  }

  end(): void {
    const isInside =
      this.#content > 0 || this.#padding > 0 || this.#blockFill > 0 || this.#sparse !== undefined || this.#hasExtra();
    if (!this.#isDone && isInside) {
      throw new SlipwayError('TAR_TRUNCATED', `the tar ends in the middle of a member, after ${this.#taken} bytes`, {
        hint: 'download or make the archive again',
      });
    }
    this.#isDone = true;
  }

  #hasExtra(): boolean {
    return (
      this.#extra !== undefined ||
      this.#longName !== undefined ||
      this.#longLink !== undefined ||
      Object.keys(this.#pax).length > 0
    );
  }

  #takeContent(buffer: Buffer, at: number): number {
    const end = Math.min(at + this.#content, buffer.length);
    const piece = buffer.subarray(at, end);
    this.#content -= piece.length;
    if (this.#extra !== undefined) this.#extra.pieces.push(Buffer.from(piece));
    else if (this.#sparse !== undefined) this.#sparse.write(piece);
    else this.#events.onData?.(piece);
    if (this.#content === 0) this.#endContent();
    return end;
  }

  /** Gather a block for `use`, which also learns how many bytes of the stream end with it. */
  #takeBlock(buffer: Buffer, at: number, use: (buffer: Buffer, at: number, offset: number) => void): number {
    if (this.#blockFill === 0 && buffer.length - at >= blockSize) {
      use(buffer, at, this.#taken + blockSize);
      return at + blockSize;
    }
    const count = Math.min(blockSize - this.#blockFill, buffer.length - at);
    buffer.copy(this.#block, this.#blockFill, at, at + count);
    this.#blockFill += count;
    if (this.#blockFill === blockSize) {
      this.#blockFill = 0;
      use(this.#block, 0, this.#taken + count);
    }
    return at + count;
  }

  #header(buffer: Buffer, at: number, offset: number): void {
    if (buffer[at] === 0 && isZero(buffer, at)) {
      this.#zeroBlocks += 1;
      this.#isDone = this.#zeroBlocks === 2;
      return;
    }
    this.#zeroBlocks = 0;
    const header = parseHeader(buffer, at);
    const extra = extraKind(header.type);
    if (extra !== undefined) this.#beginExtra(extra, header);
    else this.#beginMember(header, offset, buffer, at);
    if (this.#content === 0 && (this.#sparse === undefined || this.#sparse.mapSource === 'complete')) this.#endContent();
  }

  #map(sparse: SparseFile, buffer: Buffer, at: number): void {
    // A map that is text counts as content.
    if (sparse.mapSource === 'text') {
      if (this.#content < blockSize) throw badHeader('the map of a sparse file is longer than the file');
      this.#content -= blockSize;
    }
    sparse.takeMap(buffer, at);
    if (sparse.mapSource === 'complete' && this.#content === 0) this.#endContent();
  }

  #beginExtra(kind: Extra['kind'], header: RawHeader): void {
    if (header.size < 0 || header.size > maxExtraBytes) throw badHeader('a header of a header is larger than 1 MiB');
    this.#extra = { kind, pieces: [] };
    this.#expect(header.size);
  }

  #beginMember(header: RawHeader, offset: number, buffer: Buffer, at: number): void {
    const pax = this.#pax;
    const name = pax.sparse?.name ?? pax.path ?? this.#longName ?? header.name;
    const linkName = pax.linkName ?? this.#longLink ?? header.linkName;
    this.#pax = {};
    this.#longName = undefined;
    this.#longLink = undefined;
    const type = header.type === '\0' && name.endsWith('/') ? 'dir' : types[header.type];
    if (type === undefined)
      throw unsupported(`\`${name}\` has the unknown type \`${header.type}\``, 'make the tar again in the ustar or pax format');
    const claimed = pax.size ?? header.size;
    // Only files have content; a size on anything else means nothing.
    const storedBytes = type === 'file' ? claimed : 0;
    this.#sparse = type === 'file' ? this.#sparseFile(header, pax, storedBytes, buffer, at) : undefined;
    const sizeBytes = this.#sparse?.realSizeBytes ?? storedBytes;
    const uid = pax.uid ?? header.uid;
    const gid = pax.gid ?? header.gid;
    if (storedBytes < 0 || sizeBytes < 0 || uid < 0 || gid < 0) throw badHeader(`a number of \`${name}\` is negative`);
    this.#member = {
      name,
      type,
      mode: header.mode,
      uid,
      gid,
      sizeBytes,
      mtimeSec: pax.mtimeSec ?? header.mtime,
      linkName: type === 'symlink' || type === 'hardlink' ? linkName : '',
      major: header.major,
      minor: header.minor,
      xattrs: pax.xattrs === undefined ? undefined : sorted(pax.xattrs),
      offset,
      isSparse: this.#sparse !== undefined,
    };
    this.#events.onMember(this.#member);
    this.#expect(storedBytes);
  }

  #sparseFile(
    header: RawHeader,
    { sparse }: PaxRecords,
    storedBytes: number,
    buffer: Buffer,
    at: number,
  ): SparseFile | undefined {
    const emit = (chunk: Uint8Array): void => this.#events.onData?.(chunk);
    if (header.type === 'S') {
      const { realSizeBytes, segments, hasMore } = gnuSparse(buffer, at);
      return new SparseFile(realSizeBytes, segments, hasMore ? 'headers' : 'complete', emit);
    }
    if (sparse === undefined) return undefined;
    return new SparseFile(
      sparse.realSizeBytes ?? storedBytes,
      pairs(sparse.map),
      sparse.isMapInContent ? 'text' : 'complete',
      emit,
    );
  }

  #expect(size: number): void {
    this.#content = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
  }

  #endContent(): void {
    const extra = this.#extra;
    if (extra === undefined) {
      this.#sparse?.end();
      this.#sparse = undefined;
      if (this.#member !== undefined) this.#events.onEnd?.(this.#member);
      return;
    }
    this.#extra = undefined;
    const body = Buffer.concat(extra.pieces);
    if (extra.kind === 'pax') this.#pax = parsePax(body);
    else if (extra.kind === 'name') this.#longName = untilNul(body);
    else if (extra.kind === 'link') this.#longLink = untilNul(body);
  }
}

/** `g` holds defaults for the whole tar, `V` its label: nothing we use. */
function extraKind(type: string): Extra['kind'] | undefined {
  if (type === 'x') return 'pax';
  if (type === 'L') return 'name';
  if (type === 'K') return 'link';
  return type === 'g' || type === 'V' ? 'ignored' : undefined;
}

function sorted(xattrs: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...xattrs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function untilNul(body: Buffer): string {
  const nul = body.indexOf(0);
  return decodeFileName(nul < 0 ? body : body.subarray(0, nul));
}

function unsupported(what: string, hint: string): SlipwayError {
  return new SlipwayError('TAR_UNSUPPORTED', `cannot read the tar: ${what}`, { hint });
}
