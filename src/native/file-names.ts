import { readdirSync, readlinkSync } from 'node:fs';
import { decodeFileName, encodeFileName, hasRawBytes } from '../base/index.ts';

// What Node shows for bytes that are not UTF-8, and also a character that a name may really have: the bytes tell.
const replacement = '\ufffd';

/** `path` as `node:fs` takes it: text, or the bytes where some of them are not UTF-8. For every path that holds a name from a layer or context. */
export function fsPath(path: string): string | Buffer {
  return hasRawBytes(path) ? encodeFileName(path) : path;
}

/** The names in a directory, in no particular order. @see decodeFileName */
export function readNames(directory: string): string[] {
  const path = fsPath(directory);
  const names = readdirSync(path);
  if (!names.some((name) => name.includes(replacement))) return names;
  return readdirSync(path, { encoding: 'buffer' }).map(decodeFileName);
}

/** Where the symlink at `path` leads, as written. */
export function readLink(path: string): string {
  const link = fsPath(path);
  const target = readlinkSync(link);
  return target.includes(replacement) ? decodeFileName(readlinkSync(link, { encoding: 'buffer' })) : target;
}
