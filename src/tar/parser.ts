import { decodeFileName, SlipwayError } from '../base/index.ts';
import { asBuffer, badHeader, blockSize, isZero, parseHeader, type RawHeader } from './header.ts';
import type { TarMember, TarType } from './member.ts';
import { type PaxRecords, parsePax } from './pax.ts';

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
      if (this.#content > 0) at = this.#takeContent(buffer, at);
      else if (this.#padding > 0) {
        const count = Math.min(this.#padding, buffer.length - at);
        this.#padding -= count;
        at += count;
      } else at = this.#takeHeader(buffer, at);
      this.#taken += at - start;
    }
  }

  end(): void {
    const isInside = this.#content > 0 || this.#padding > 0 || this.#blockFill > 0 || this.#hasExtra();
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
    else this.#events.onData?.(piece);
    if (this.#content === 0) this.#endContent();
    return end;
  }

  #takeHeader(buffer: Buffer, at: number): number {
    if (this.#blockFill === 0 && buffer.length - at >= blockSize) {
      this.#header(buffer, at, this.#taken + blockSize);
      return at + blockSize;
    }
    const count = Math.min(blockSize - this.#blockFill, buffer.length - at);
    buffer.copy(this.#block, this.#blockFill, at, at + count);
    this.#blockFill += count;
    if (this.#blockFill === blockSize) {
      this.#blockFill = 0;
      this.#header(this.#block, 0, this.#taken + count);
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
    else this.#beginMember(header, offset);
    if (this.#content === 0) this.#endContent();
  }

  #beginExtra(kind: Extra['kind'], header: RawHeader): void {
    if (header.size < 0 || header.size > maxExtraBytes) throw badHeader('a header of a header is larger than 1 MiB');
    this.#extra = { kind, pieces: [] };
    this.#expect(header.size);
  }

  #beginMember(header: RawHeader, offset: number): void {
    const pax = this.#pax;
    const name = pax.path ?? this.#longName ?? header.name;
    const linkName = pax.linkName ?? this.#longLink ?? header.linkName;
    this.#pax = {};
    this.#longName = undefined;
    this.#longLink = undefined;
    if (pax.isSparse === true || header.type === 'S')
      throw unsupported(`\`${name}\` is a sparse file`, 'make the tar again without `--sparse`');
    const type = header.type === '\0' && name.endsWith('/') ? 'dir' : types[header.type];
    if (type === undefined)
      throw unsupported(`\`${name}\` has the unknown type \`${header.type}\``, 'make the tar again in the ustar or pax format');
    const claimed = pax.size ?? header.size;
    // Only files have content; a size on anything else means nothing.
    const sizeBytes = type === 'file' ? claimed : 0;
    const uid = pax.uid ?? header.uid;
    const gid = pax.gid ?? header.gid;
    if (sizeBytes < 0 || uid < 0 || gid < 0) throw badHeader(`a number of \`${name}\` is negative`);
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
    };
    this.#events.onMember(this.#member);
    this.#expect(sizeBytes);
  }

  #expect(size: number): void {
    this.#content = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
  }

  #endContent(): void {
    const extra = this.#extra;
    if (extra === undefined) {
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
