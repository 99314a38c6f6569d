// A tar reader for tests, on purpose not the product's: what one gets wrong the other must not hide.

import { isUtf8 } from 'node:buffer';

export interface TarEntry {
  /** Without `./` in front and `/` at the end; the root is ''. */
  readonly path: string;
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'dir' | 'fifo';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly linkName: string;
  readonly device: string;
  readonly xattrs: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

const types = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'dir',
  '6': 'fifo',
} as const;

/** The entries of an uncompressed tar, in order. Throws when it is cut short or a header's checksum is wrong. */
export function* readTar(bytes: Uint8Array): Generator<TarEntry> {
  const tar = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let extended: Record<string, string> = {};
  for (let at = 0; ; ) {
    if (at + 512 > tar.length) throw new Error(`tar: ends at ${tar.length} without its closing block`);
    const header = tar.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header, at);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = extended['size'] === undefined ? number(header, 124, 12) : Number(extended['size']);
    const data = tar.subarray(at + 512, at + 512 + size);
    if (data.length !== size) throw new Error(`tar: cut short inside the entry at ${at}`);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === 'x') extended = { ...extended, ...paxRecords(data) };
    else if (type === 'L') extended['path'] = text(data, 0, data.length);
    else if (type === 'K') extended['linkpath'] = text(data, 0, data.length);
    else if (type !== 'g') {
      yield entry(header, type, extended, data);
      extended = {};
    }
  }
}

function entry(header: Buffer, flag: string, extended: Readonly<Record<string, string>>, data: Uint8Array): TarEntry {
  const type = types[flag as keyof typeof types];
  if (type === undefined) throw new Error(`tar: unknown type ${JSON.stringify(flag)}`);
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header, 345, 155) : '';
  const name = extended['path'] ?? (prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
  const xattrs = Object.entries(extended)
    .filter(([key]) => key.startsWith('SCHILY.xattr.'))
    .map(([key, value]) => [key.slice('SCHILY.xattr.'.length), value] as const);
  return {
    path: cleanPath(name),
    type,
    mode: number(header, 100, 8) & 0o7777,
    uid: extended['uid'] === undefined ? number(header, 108, 8) : Number(extended['uid']),
    gid: extended['gid'] === undefined ? number(header, 116, 8) : Number(extended['gid']),
    mtimeSec: extended['mtime'] === undefined ? number(header, 136, 12) : Math.floor(Number(extended['mtime'])),
    linkName: extended['linkpath'] ?? text(header, 157, 100),
    device: type === 'char' || type === 'block' ? `${number(header, 329, 8)},${number(header, 337, 8)}` : '',
    xattrs: Object.fromEntries(xattrs.sort(([a], [b]) => (a < b ? -1 : 1))),
    data: type === 'file' ? data : new Uint8Array(),
  };
}

export function cleanPath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function text(bytes: Buffer, start: number, length: number): string {
  const end = bytes.indexOf(0, start);
  return decoded(bytes.subarray(start, end === -1 || end > start + length ? start + length : end));
}

/** Bytes that are not UTF-8 show as `\xff`. */
function decoded(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

function number(header: Buffer, start: number, length: number): number {
  if (((header[start] ?? 0) & 0x80) !== 0) {
    return header.subarray(start + 1, start + length).reduce((sum, byte) => sum * 256 + byte, (header[start] ?? 0) & 0x7f);
  }
  const digits = text(header, start, length).trim();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function paxRecords(data: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const equals = data.indexOf(0x3d, space);
    const key = data.toString('utf8', space + 1, equals);
    const value = data.subarray(equals + 1, at + length - 1);
    records[key] = key.startsWith('SCHILY.xattr.') ? value.toString('base64') : decoded(value);
    at += length;
  }
  return records;
}

function checkSum(header: Buffer, at: number): void {
  let sum = 0;
  for (let index = 0; index < 512; index++) sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  if (sum !== number(header, 148, 8)) throw new Error(`tar: wrong checksum in the header at ${at}`);
}
