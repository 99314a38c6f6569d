import { decodeFileName } from '../base/index.ts';
import { badHeader } from './header.ts';

/** The records of a pax header that we use. Empty values mean "as if it were not there". */
export interface PaxRecords {
  path?: string;
  linkName?: string;
  size?: number;
  uid?: number;
  gid?: number;
  mtimeSec?: number;
  sparse?: PaxSparse;
  xattrs?: Map<string, string>;
}

/** A sparse file in one of GNU tar's three pax forms: 0.0 and 0.1 have the map here, 1.0 before the content. */
export interface PaxSparse {
  isMapInContent: boolean;
  name?: string;
  realSizeBytes?: number;
  /** Offsets and sizes in turn. */
  readonly map: number[];
}

const xattrPrefix = 'SCHILY.xattr.';
const sparsePrefix = 'GNU.sparse.';

/**
 * Parse the `<length> <key>=<value>\n` records of a pax header.
 *
 * @throws {SlipwayError} `TAR_BAD_HEADER`
 */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords = {};
  for (let at = 0; at < body.length; ) {
    if (body[at] === 0) break; // some writers pad
    const blank = body.indexOf(0x20, at);
    const digits = blank < 0 || blank - at > 10 ? '' : body.toString('latin1', at, blank);
    const end = /^[1-9]\d*$/.test(digits) ? at + Number(digits) : 0;
    const equals = body.indexOf(0x3d, blank);
    if (end <= blank + 1 || end > body.length || body[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw badHeader('a pax record is malformed');
    }
    apply(records, decodeFileName(body.subarray(blank + 1, equals)), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function apply(records: PaxRecords, key: string, value: Buffer): void {
  if (key.startsWith(xattrPrefix)) {
    records.xattrs ??= new Map();
    records.xattrs.set(key.slice(xattrPrefix.length), value.toString('base64'));
    return;
  }
  if (key.startsWith(sparsePrefix)) {
    records.sparse ??= { isMapInContent: false, map: [] };
    applySparse(records.sparse, key.slice(sparsePrefix.length), value);
    return;
  }
  if (value.length === 0) return;
  if (key === 'path') records.path = name(value);
  else if (key === 'linkpath') records.linkName = name(value);
  else if (key === 'size') records.size = integer(value);
  else if (key === 'uid') records.uid = integer(value);
  else if (key === 'gid') records.gid = integer(value);
  else if (key === 'mtime') records.mtimeSec = seconds(value);
}

function applySparse(sparse: PaxSparse, key: string, value: Buffer): void {
  if (key === 'major') sparse.isMapInContent = integer(value) === 1;
  else if (key === 'name') sparse.name = name(value);
  else if (key === 'size' || key === 'realsize') sparse.realSizeBytes = integer(value);
  else if (key === 'offset' || key === 'numbytes') sparse.map.push(integer(value));
  else if (key === 'map') for (const each of value.toString('latin1').split(',')) sparse.map.push(integer(Buffer.from(each)));
}

function name(value: Buffer): string {
  if (value.includes(0)) throw badHeader('a name of it holds a NUL');
  return decodeFileName(value);
}

function integer(value: Buffer): number {
  const text = value.toString('latin1');
  const result = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(result)) throw badHeader('a number of a pax record is out of range');
  return result;
}

function seconds(value: Buffer): number {
  const text = value.toString('latin1');
  const result = Math.floor(Number(text));
  if (!/^-?\d+(\.\d*)?$/.test(text) || !Number.isSafeInteger(result)) throw badHeader('a time of a pax record is out of range');
  return result;
}
