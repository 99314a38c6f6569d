import { encodeFileName } from '../base/index.ts';
import { blockSize, fields } from './header.ts';

/** All that a header and its pax records say. */
export interface HeaderFields {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  /** Values in base64. */
  readonly xattrs: Readonly<Record<string, string>> | undefined;
}

const max7 = 0o7777777;
const max11 = 0o77777777777;

/** Write a ustar header at `at`. What does not fit is cut; `paxRecords` then holds it in full. */
export function printHeader(buffer: Buffer, at: number, header: HeaderFields): void {
  buffer.fill(0, at, at + blockSize);
  const split = splitName(header.name);
  text(buffer, at, fields.name, split?.name ?? header.name);
  if (split !== undefined && split.prefix !== '') text(buffer, at, fields.prefix, split.prefix);
  octal(buffer, at, fields.mode, header.mode);
  octal(buffer, at, fields.uid, header.uid > max7 ? 0 : header.uid);
  octal(buffer, at, fields.gid, header.gid > max7 ? 0 : header.gid);
  octal(buffer, at, fields.size, header.size > max11 ? 0 : header.size);
  octal(buffer, at, fields.mtime, isPlainTime(header.mtime) ? header.mtime : 0);
  buffer[at + fields.type[0]] = header.type.charCodeAt(0);
  if (header.linkName !== '') text(buffer, at, fields.linkName, header.linkName);
  buffer.write('ustar\x0000', at + fields.magic[0], 'latin1');
  octal(buffer, at, fields.major, header.major);
  octal(buffer, at, fields.minor, header.minor);
  checksum(buffer, at);
}

/** The records for what a ustar header cannot say, sorted; undefined when it says all. */
export function paxRecords(header: HeaderFields): Buffer | undefined {
  const records: [string, Buffer][] = [];
  const add = (key: string, value: string | number): void => void records.push([key, encodeFileName(String(value))]);
  if (splitName(header.name) === undefined) add('path', header.name);
  if (header.linkName !== '' && !fitsAscii(header.linkName, fields.linkName[1])) add('linkpath', header.linkName);
  if (header.uid > max7) add('uid', header.uid);
  if (header.gid > max7) add('gid', header.gid);
  if (header.size > max11) add('size', header.size);
  if (!isPlainTime(header.mtime)) add('mtime', header.mtime);
  for (const [name, value] of Object.entries(header.xattrs ?? {}))
    records.push([`SCHILY.xattr.${name}`, Buffer.from(value, 'base64')]);
  if (records.length === 0) return undefined;
  return Buffer.concat(records.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => record(key, value)));
}

function record(key: string, value: Buffer): Buffer {
  const head = encodeFileName(` ${key}=`);
  const bare = head.length + value.length + 1;
  let length = bare + String(bare).length;
  if (String(length).length > String(bare).length) length = bare + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), head, value, Buffer.from('\n')]);
}

function isPlainTime(mtime: number): boolean {
  return mtime >= 0 && mtime <= max11;
}

/** ustar holds up to 100 characters, or 155 and 100 split at a slash; undefined when the name needs pax. */
function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (fitsAscii(name, 100)) return { prefix: '', name };
  if (!fitsAscii(name, 256)) return undefined;
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  const slash = name.lastIndexOf('/', Math.min(155, end - 1));
  const rest = name.length - slash - 1;
  return slash <= 0 || rest > 100 || rest === 0 ? undefined : { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function fitsAscii(text: string, max: number): boolean {
  if (text.length > max) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** Cut to the field; characters beyond ASCII are left out, the pax record has them. */
function text(buffer: Buffer, at: number, [offset, length]: readonly [number, number], value: string): void {
  let end = at + offset;
  for (let i = 0; i < value.length && end < at + offset + length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x80) buffer[end++] = code;
  }
}

/** Digits to fill the field but for one NUL at its end. */
function octal(buffer: Buffer, at: number, [offset, length]: readonly [number, number], value: number): void {
  let rest = value;
  for (let i = at + offset + length - 2; i >= at + offset; i--) {
    const high = Math.floor(rest / 8);
    buffer[i] = 0x30 + rest - high * 8;
    rest = high;
  }
}

/** Six digits, NUL, blank. */
function checksum(buffer: Buffer, at: number): void {
  const start = at + fields.checksum[0];
  buffer.fill(0x20, start, start + 8);
  let sum = 0;
  for (let i = at; i < at + blockSize; i++) sum += buffer[i] ?? 0;
  for (let i = start + 5; i >= start; i--) {
    buffer[i] = 0x30 + (sum & 7);
    sum >>= 3;
  }
  buffer[start + 6] = 0;
}
