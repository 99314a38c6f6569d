import { type BigIntStats, closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { type HostPath, isNotFound } from '../base/index.ts';
import type { Entry, LayerIndex } from '../layer/index.ts';
import { fsPath, readLink } from '../native/index.ts';
import { createDigester, type Digest } from '../oci/index.ts';

/**
 * What of a directory form is not as the layer's index says: each path with what is wrong with it. A file whose digest is known is read; of others
 * size and time have to be right.
 */
export function* verifyDirectory(
  directory: HostPath,
  { entries }: LayerIndex,
): Generator<{ readonly path: string; readonly message: string }> {
  for (const entry of entries) {
    const message = wrongWith(`${directory}/${entry.path}`, entry);
    if (message !== undefined) yield { path: entry.path, message };
  }
}

function wrongWith(host: string, entry: Entry): string | undefined {
  const stat = statOf(host);
  if (stat === undefined) return 'it is gone';
  switch (entry.type) {
    case 'file':
      return wrongWithFile(host, entry, stat);
    case 'dir':
      return stat.isDirectory() ? wrongMode(entry, stat) : 'it is no directory any more';
    case 'symlink':
      if (!stat.isSymbolicLink()) return 'it is no symbolic link any more';
      return readLink(host) === entry.target ? undefined : 'it points elsewhere';
    case 'hardlink':
      return stat.isFile() ? undefined : 'it is no file any more';
    case 'whiteout':
      return stat.isCharacterDevice() ? undefined : 'it hides nothing any more';
    case 'char':
    case 'block':
    case 'fifo':
      return wrongMode(entry, stat);
  }
}

function wrongWithFile(host: string, entry: Extract<Entry, { type: 'file' }>, stat: BigIntStats): string | undefined {
  if (!stat.isFile()) return 'it is no file any more';
  if (Number(stat.size) !== entry.sizeBytes) return `it has ${stat.size} bytes instead of ${entry.sizeBytes}`;
  if (entry.digest !== undefined) {
    if (digestOfFile(host) !== entry.digest) return 'its content has changed';
  } else if (Math.floor(Number(stat.mtimeMs) / 1000) !== entry.mtimeSec) return 'it was written to';
  return wrongMode(entry, stat);
}

function wrongMode({ mode }: { readonly mode: number }, stat: BigIntStats): string | undefined {
  const got = Number(stat.mode) & 0o7777;
  return got === mode ? undefined : `its mode is ${got.toString(8)} instead of ${mode.toString(8)}`;
}

function statOf(host: string): BigIntStats | undefined {
  try {
    return lstatSync(fsPath(host), { bigint: true });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const chunkBytes = 1 << 20;

function digestOfFile(host: string): Digest {
  const digester = createDigester();
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const fd = openSync(fsPath(host), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) digester.update(buffer.subarray(0, count));
  } finally {
    closeSync(fd);
  }
  return digester.digest();
}
