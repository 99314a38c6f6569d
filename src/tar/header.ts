import { decodeFileName, SlipwayError } from '../base/index.ts';

export const blockSize = 512;

/** Where each field of a ustar header stands: offset and length in bytes. */
export const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;

/** One 512-byte header, not interpreted further. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: string;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

/** Do these bytes begin with a tar header whose checksum is right? Looks at the content only, as ADD does. */
export function looksLikeTar(bytes: Uint8Array): boolean {
  if (bytes.length < blockSize) return false;
  const block = asBuffer(bytes).subarray(0, blockSize);
  return !isZero(block, 0) && hasGoodChecksum(block, 0);
}

/** @throws {SlipwayError} `TAR_BAD_HEADER` */
export function parseHeader(buffer: Buffer, at: number): RawHeader {
  if (!hasGoodChecksum(buffer, at)) throw badHeader('its checksum is wrong');
  const isUstar = buffer.toString('latin1', at + 257, at + 262) === 'ustar';
  // GNU's own format ("ustar  ") keeps times and sparse maps where ustar has the prefix.
  const isGnu = isUstar && buffer[at + 262] === 0x20;
  const name = text(buffer, at, fields.name);
  const prefix = isUstar && !isGnu ? text(buffer, at, fields.prefix) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: octal(buffer, at, fields.mode) & 0o7777,
    uid: octal(buffer, at, fields.uid),
    gid: octal(buffer, at, fields.gid),
    size: octal(buffer, at, fields.size),
    mtime: octal(buffer, at, fields.mtime),
    type: String.fromCharCode(buffer[at + fields.type[0]] ?? 0),
    linkName: text(buffer, at, fields.linkName),
    major: isUstar ? octal(buffer, at, fields.major) : 0,
    minor: isUstar ? octal(buffer, at, fields.minor) : 0,
  };
}

export function isZero(buffer: Buffer, at: number): boolean {
  for (let i = at; i < at + blockSize; i++) if (buffer[i] !== 0) return false;
  return true;
}

export function badHeader(why: string): SlipwayError {
  return new SlipwayError('TAR_BAD_HEADER', `the tar is damaged: ${why}`, {
    hint: 'download or make the archive again',
  });
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The sum of all bytes with the checksum field as blanks. Some old writers summed signed bytes. */
function hasGoodChecksum(buffer: Buffer, at: number): boolean {
  const [start, length] = fields.checksum;
  let want = 0;
  let digits = 0;
  for (let i = at + start; i < at + start + length; i++) {
    const byte = buffer[i] ?? 0;
    if (byte >= 0x30 && byte <= 0x37) {
      want = want * 8 + byte - 0x30;
      digits += 1;
    } else if (digits > 0) break;
    else if (byte !== 0x20 && byte !== 0) return false;
  }
  if (digits === 0) return false;
  let sum = 8 * 0x20;
  let high = 0;
  for (let i = at; i < at + blockSize; i++) {
    const byte = buffer[i] ?? 0;
    if (i >= at + start && i < at + start + length) continue;
    sum += byte;
    if (byte >= 0x80) high += 1;
  }
  return sum === want || sum - high * 256 === want;
}

function text(buffer: Buffer, at: number, [offset, length]: readonly [number, number]): string {
  const start = at + offset;
  let end = start;
  let isAscii = true;
  while (end < start + length) {
    const byte = buffer[end] ?? 0;
    if (byte === 0) break;
    if (byte >= 0x80) isAscii = false;
    end += 1;
  }
  return isAscii ? buffer.toString('latin1', start, end) : decodeFileName(buffer.subarray(start, end));
}

/** Octal digits, or GNU's base-256: a first byte with its high bit set, then a signed big-endian number. */
export function octal(buffer: Buffer, at: number, [offset, length]: readonly [number, number]): number {
  const start = at + offset;
  if (((buffer[start] ?? 0) & 0x80) !== 0) return base256(buffer, start, length);
  let value = 0;
  let isStarted = false;
  for (let i = start; i < start + length; i++) {
    const byte = buffer[i] ?? 0;
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      isStarted = true;
    } else if (byte === 0x20 || byte === 0) {
      if (isStarted) break;
    } else throw badHeader('a number of it is not octal');
  }
  return value;
}

function base256(buffer: Buffer, start: number, length: number): number {
  const isNegative = ((buffer[start] ?? 0) & 0x40) !== 0;
  let value = isNegative ? -1n : 0n;
  for (let i = 0; i < length; i++) {
    const byte = buffer[start + i] ?? 0;
    value = i === 0 && !isNegative ? BigInt(byte & 0x7f) : value * 256n + BigInt(byte);
  }
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw badHeader('a number of it is out of range');
  return result;
}
