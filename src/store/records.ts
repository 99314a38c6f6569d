import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs';
import { canonicalJson, type HostPath, ifThere, type Json } from '../base/index.ts';
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
  /**
   * Note that the record is of use now: `slipway prune` goes by it. `false`: the record is gone, and so may be what it names;
   * who read it before must treat that as a miss.
   */
  touch(kind: RecordKind, key: string): boolean;
}

export function createRecords(paths: StorePaths): Records {
  return {
    read(kind, key) {
      const path = paths.record(kind, key);
      const text = ifThere(() => readFileSync(path, 'utf8'));
      if (text === undefined) return undefined;
      const value = parseRecord(text);
      if (value === undefined) rmSync(path, { force: true });
      return value;
    },
    write: (kind, key, value) => writeAside(paths, paths.record(kind, key), recordText(value)),
    remove: (kind, key) => rmSync(paths.record(kind, key), { force: true }),
    list: (kind) => readdirSync(paths.recordFolder(kind)).sort(),
    touch: (kind, key) => noteUse(paths.record(kind, key)),
  };
}

/** The content of a record's file. */
export function recordText(value: Json): string {
  const body = canonicalJson(value);
  return `${hexOf(digestOf(body))}\n${body}`;
}

/** The value of a record's file; `undefined` when it is damaged. */
export function parseRecord(text: string): Json | undefined {
  const newline = text.indexOf('\n');
  const body = text.slice(newline + 1);
  return newline === 64 && hexOf(digestOf(body)) === text.slice(0, 64) ? (JSON.parse(body) as Json) : undefined;
}

/** Set the file's modification time to now; `false` when it is not there. */
export function noteUse(path: HostPath): boolean {
  const nowSec = Date.now() / 1000;
  return (
    ifThere(() => {
      utimesSync(path, nowSec, nowSec);
      return true;
    }) ?? false
  );
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
