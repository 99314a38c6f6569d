import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs';
import { canonicalJson, type HostPath, isNotFound, type Json } from '../base/index.ts';
import { digestOf, hexOf } from '../oci/index.ts';
import { ingestName } from './ingest.ts';
import type { RecordKind, StorePaths } from './paths.ts';

/** Small facts, one file each: written aside and renamed, with a checksum inside. A look-up is one read. */
export interface Records {
  /** The value under `key`, or `undefined` when there is none or the file is damaged (then it is removed: a miss). */
  read(kind: RecordKind, key: string): Json | undefined;
  write(kind: RecordKind, key: string, value: Json): void;
  /** Deleting what is absent succeeds. */
  remove(kind: RecordKind, key: string): void;
  list(kind: RecordKind): readonly string[];
  /** Note that the record was of use just now. */
  touch(kind: RecordKind, key: string): void;
}

export function createRecords(paths: StorePaths): Records {
  return {
    read(kind, key) {
      const path = paths.record(kind, key);
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
      const newline = text.indexOf('\n');
      const body = text.slice(newline + 1);
      if (newline === 64 && hexOf(digestOf(body)) === text.slice(0, 64)) return JSON.parse(body) as Json;
      rmSync(path, { force: true });
      return undefined;
    },
    write(kind, key, value) {
      const body = canonicalJson(value);
      writeAside(paths, paths.record(kind, key), `${hexOf(digestOf(body))}\n${body}`);
    },
    remove: (kind, key) => rmSync(paths.record(kind, key), { force: true }),
    list: (kind) => readdirSync(paths.recordFolder(kind)).sort(),
    touch(kind, key) {
      const now = new Date();
      try {
        utimesSync(paths.record(kind, key), now, now);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

/** Write `path` so that a reader sees the old file or the whole new one. */
export function writeAside(paths: StorePaths, path: HostPath, bytes: string | Uint8Array, mode = 0o600): void {
  const aside = ingestName(paths);
  try {
    writeNew(aside, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, mode);
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

function writeNew(path: HostPath, data: Uint8Array, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    for (let at = 0; at < data.byteLength; ) at += writeSync(fd, data, at);
  } finally {
    closeSync(fd);
  }
}
