import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, hostPath } from '../base/index.ts';
import { removeTree } from '../native/index.ts';
import type { StorePaths } from './paths.ts';
import { lifeOf, ownProcessName } from './process-name.ts';

/** A place for a thing that is being made; whatever still lies there when it is disposed is deleted. */
export interface Ingest extends Disposable {
  readonly path: HostPath;
  /** A file or folder inside. */
  child(name: string): HostPath;
}

export function createIngest(paths: StorePaths): Ingest {
  const path = ingestName(paths);
  mkdirSync(path, { mode: 0o700 });
  return {
    path,
    child: (name) => hostPath(join(path, name)),
    [Symbol.dispose]: () => removeTree(path),
  };
}

/** A fresh name in the ingest folder that says whose it is. */
export function ingestName(paths: StorePaths): HostPath {
  return paths.ingest(`${ownProcessName()}-${randomBytes(8).toString('hex')}`);
}

/** An open file to which bytes are appended. */
export interface FileWriter extends Disposable {
  readonly path: HostPath;
  write(chunk: Uint8Array): void;
  close(): void;
}

export function createFileWriter(path: HostPath, mode = 0o600): FileWriter {
  const fd = openSync(path, 'wx', mode);
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return {
    path,
    write(chunk) {
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(fd, chunk, at);
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** An ingest of which nobody knows whether its process lives is left alone for so long. */
const graceMs = 24 * 60 * 60 * 1000;

/** What processes that are gone left half made; the caller deletes it (it may hold mounts). */
export function abandonedIngests(paths: StorePaths, nowMs: number): readonly HostPath[] {
  return readdirSync(paths.ingest(''))
    .filter((name) => {
      const life = lifeOf(name);
      return life === 'dead' || (life !== 'alive' && isOld(paths.ingest(name), nowMs));
    })
    .map((name) => paths.ingest(name));
}

function isOld(path: HostPath, nowMs: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs < nowMs - graceMs;
}
