import { readFileSync, type Stats } from 'node:fs';
import { decodeFileName, encodeFileName, ifThere } from '../base/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/index.ts';
import { noteUse, type Store, writeAside } from '../store/index.ts';

/** Remembers the digests of a directory's files by what stat says of them. */
export interface StatCache {
  /** The digest that a file of this name had, if nothing about it has changed since. */
  get(path: string, stats: Stats): Digest | undefined;
  /** Note what was read between `readAtMs` and now. Answers whether every later change of the file will show in its stat. */
  set(path: string, stats: Stats, digest: Digest, readAtMs: number): boolean;
  /** Keep what was noted for the next build; writes nothing when nothing changed. */
  save(): void;
}

interface Line {
  readonly signature: string;
  readonly digest: Digest;
}

/**
 * A file changed in the tick in which it was read keeps its time stamps: so a file this young when it was read is not remembered.
 * Kernel time stamps move in steps of up to 10 ms. Git calls such entries racily clean.
 */
const racyMs = 20;

/** Lines kept of files that no build asked for lately. */
const spareLines = 1000;

const header = 'slipway-stat-1';

export function openStatCache(store: Store, directory: string): StatCache {
  const path = store.paths.statCache(hexOf(digestOf(directory)).slice(0, 32));
  const lines = parse(readBytes(path));
  const used = new Set<string>();
  let changed = false;
  return {
    get(name, stats) {
      const line = lines.get(name);
      if (line?.signature !== signatureOf(stats)) return undefined;
      used.add(name);
      return line.digest;
    },
    set(name, stats, digest, readAtMs) {
      if (Math.max(stats.mtimeMs, stats.ctimeMs) > readAtMs - racyMs) return false;
      lines.set(name, { signature: signatureOf(stats), digest });
      used.add(name);
      changed = true;
      return true;
    },
    save() {
      if (!changed) return void noteUse(path);
      changed = false;
      // Files come and go: most of the lines are then of files that are no more.
      if (lines.size > 2 * used.size + spareLines) for (const name of lines.keys()) if (!used.has(name)) lines.delete(name);
      writeAside(store.paths, path, print(lines));
    },
  };
}

function signatureOf(stats: Stats): string {
  return `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.mode}`;
}

function readBytes(path: string): Buffer {
  return ifThere(() => readFileSync(path)) ?? Buffer.alloc(0);
}

/** A damaged file is an empty cache: everything is read again. */
function parse(bytes: Buffer): Map<string, Line> {
  const lines = new Map<string, Line>();
  const bodyAt = bytes.indexOf('\n') + 1;
  const body = bytes.subarray(bodyAt);
  if (bytes.toString('latin1', 0, bodyAt) !== `${header} ${digestOf(body)}\n`) return lines;
  const fields = decodeFileName(body).split('\0');
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const name = fields[i] ?? '';
    const signature = fields[i + 1] ?? '';
    const digest = fields[i + 2] ?? '';
    if (isDigest(digest)) lines.set(name, { signature, digest });
  }
  return lines;
}

function print(lines: ReadonlyMap<string, Line>): Buffer {
  let text = '';
  for (const [name, { signature, digest }] of lines) text += `${name}\0${signature}\0${digest}\0`;
  const body = encodeFileName(text);
  return Buffer.concat([Buffer.from(`${header} ${digestOf(body)}\n`), body]);
}
