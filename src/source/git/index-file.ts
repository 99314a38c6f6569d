import { createHash } from 'node:crypto';
import { decodeFileName } from '../../base/index.ts';

/** One line of git's index. */
export interface IndexEntry {
  readonly path: string;
  /** As git has it: `0o100644`, `0o100755`, `0o120000` for a symlink, `0o160000` for a submodule. */
  readonly mode: number;
  /** 0; while a conflict lasts 1 for the common ancestor, 2 for ours, 3 for theirs. */
  readonly stage: number;
}

/** Before the name of an object: times, device, inode, mode, owner, size. */
const statBytes = 40;
const modeAt = 24;
const headerBytes = 12;
const extensionHeaderBytes = 8;

/**
 * Read the file `index` of a git directory, version 2, 3 or 4.
 *
 * @returns `undefined` for what only git itself can read: split and sparse indexes, other versions, and those without a checksum or with
 * a wrong one
 * @see https://git-scm.com/docs/index-format
 */
export function readIndexFile(file: Buffer): readonly IndexEntry[] | undefined {
  if (file.length < headerBytes || file.toString('latin1', 0, 4) !== 'DIRC') return undefined;
  const version = file.readUInt32BE(4);
  const hashBytes = checkedBy(file);
  if (version < 2 || version > 4 || hashBytes === undefined) return undefined;
  const body = file.subarray(0, file.length - hashBytes);
  const entries: IndexEntry[] = [];
  let at = headerBytes;
  let name: Buffer = Buffer.alloc(0);
  for (let left = body.readUInt32BE(8); left > 0; left -= 1) {
    const flagsAt = at + statBytes + hashBytes;
    if (flagsAt + 4 > body.length) return undefined;
    const flags = body.readUInt16BE(flagsAt);
    let nameAt = flagsAt + ((flags & 0x4000) === 0 ? 2 : 4);
    let kept: Buffer = Buffer.alloc(0);
    if (version === 4) {
      const [dropped, next] = readOffset(body, nameAt);
      kept = name.subarray(0, Math.max(0, name.length - dropped));
      nameAt = next;
    }
    const end = body.indexOf(0, nameAt);
    if (end < 0) return undefined;
    name = Buffer.concat([kept, body.subarray(nameAt, end)]);
    entries.push({ path: decodeFileName(name), mode: body.readUInt32BE(at + modeAt), stage: (flags >> 12) & 3 });
    at = version === 4 ? end + 1 : at + ((end - at + 8) & ~7);
  }
  return hasNecessaryExtension(body, at) ? undefined : entries;
}

/** How long the checksum at the end is, which is also how long the names of objects are. */
function checkedBy(file: Buffer): number | undefined {
  for (const [algorithm, bytes] of [
    ['sha1', 20],
    ['sha256', 32],
  ] as const) {
    const end = file.length - bytes;
    if (end < headerBytes) continue;
    if (createHash(algorithm).update(file.subarray(0, end)).digest().equals(file.subarray(end))) return bytes;
  }
  return undefined;
}

/** A number in groups of seven bits, each with one added but the last. */
function readOffset(bytes: Buffer, start: number): readonly [value: number, next: number] {
  let at = start;
  let byte = bytes[at++] ?? 0;
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = bytes[at++] ?? 0;
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return [value, at];
}

/** An extension whose name begins with a small letter changes what the entries mean. */
function hasNecessaryExtension(body: Buffer, start: number): boolean {
  for (let at = start; at + extensionHeaderBytes <= body.length; at += extensionHeaderBytes + body.readUInt32BE(at + 4)) {
    const first = body[at] ?? 0;
    if (first < 0x41 || first > 0x5a) return true;
  }
  return false;
}
