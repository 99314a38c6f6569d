import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import {
  type HostPath,
  hostPath,
  isNodeError,
  isNotFound,
  type MatchState,
  nearest,
  type PathMatcher,
  SlipwayError,
} from '../base/index.ts';
import { baseOf, buildTree, type Entry, joinPath, type LayerId, parentOf, sortEntries, type Tree } from '../layer/index.ts';
import { fsPath, readLink, readNames, statIfThere } from '../native/index.ts';
import { createDigester, type Digest } from '../oci/index.ts';
import type { Store } from '../store/index.ts';
import { type FollowPaths, followEverything } from './follow-paths.ts';
import { openStatCache, type StatCache } from './stat-cache.ts';

/** A directory of the host as one build sees it: what is ignored is not there, and owners are 0:0. */
export interface LocalContext {
  /** Stands as the origin of its files in trees. */
  readonly origin: LayerId;
  readonly tree: Tree;
  readonly fileCount: number;
  hostPathOf(path: string): HostPath;
  /** Digest of a file's content, from the stat cache or by reading it. */
  digestOf(path: string): Digest;
  /**
   * Read a file for a layer, in chunks that are valid only until the next one.
   * @throws {SlipwayError} `SOURCE_CHANGED` it is no longer the file that was looked at.
   */
  readFile(path: string, onChunk: (chunk: Uint8Array) => void): void;
  /** Why `path` is not there although the directory has it: the pattern of the ignore file that decided. */
  ignoredBy(path: string): string | undefined;
  /** The name most like `path` that the directory does have there. */
  nearestTo(path: string): string | undefined;
  /** Keep the digests for the next build. */
  save(): void;
}

/** The permission bits that a file or directory shows, whatever it has on disk. Links are not asked for. */
export type ModeOf = (path: string, info: Stats) => number;

export interface LocalContextOptions {
  readonly store: Store;
  readonly directory: HostPath;
  readonly origin: LayerId;
  readonly ignore: PathMatcher | undefined;
  /** Where the build may look; the rest isn't walked. */
  readonly follow?: FollowPaths;
  /** Default: as on disk. */
  readonly modeOf?: ModeOf | undefined;
  readonly signal: AbortSignal;
}

const bufferBytes = 1 << 18;

const modeOnDisk: ModeOf = (_path, info) => info.mode & 0o7777;

/** Walk `directory`; file contents are not read yet. */
export function openLocalContext(options: LocalContextOptions): LocalContext {
  const { directory, origin } = options;
  const stats = new Map<string, Stats>();
  const entries = walk(options, stats);
  const tree = buildTree([{ id: origin, entries: sortEntries(entries) }]);
  let cache: StatCache | undefined;
  const digests = new Map<string, Digest>();
  /** Files that were changed so shortly before they were hashed that another change might not show in their stat. */
  const racy = new Set<string>();
  const buffer = Buffer.allocUnsafe(bufferBytes);
  const hostPathOf = (path: string): HostPath => hostPath(path === '' ? directory : `${directory}/${path}`);
  const statsOf = (path: string): Stats => {
    const known = stats.get(path);
    if (known === undefined)
      throw new SlipwayError('SOURCE_CHANGED', `\`${path}\` is not in the build context`, { class: 'internal' });
    return known;
  };
  const readFile = (path: string, onChunk: (chunk: Uint8Array) => void): void => {
    const expected = statsOf(path);
    const fd = openFile(hostPathOf(path), path);
    try {
      let size = 0;
      for (let count = readSync(fd, buffer); count > 0; count = size < expected.size ? readSync(fd, buffer) : 0) {
        size += count;
        if (size > expected.size) throw changed(path);
        onChunk(buffer.subarray(0, count));
      }
      if (size !== expected.size || !isUnchanged(fstatSync(fd), expected)) throw changed(path);
    } catch (error) {
      if (!isNodeError(error) || error.syscall !== 'read') throw error;
      throw isUnchanged(fstatSync(fd), expected) ? unreadable(path, error) : changed(path);
    } finally {
      closeSync(fd);
    }
  };
  /** `readFile`, where the stat alone does not vouch for the content that was hashed. */
  const readAgain = (path: string, onChunk: (chunk: Uint8Array) => void): void => {
    const digester = createDigester();
    readFile(path, (chunk) => {
      digester.update(chunk);
      onChunk(chunk);
    });
    if (digester.digest() !== digests.get(path)) throw changed(path);
  };
  return {
    origin,
    tree,
    fileCount: stats.size,
    hostPathOf,
    readFile: (path, onChunk) => (racy.has(path) ? readAgain : readFile)(path, onChunk),
    digestOf(path) {
      const known = digests.get(path);
      if (known !== undefined) return known;
      cache ??= openStatCache(options.store, directory);
      const fileStats = statsOf(path);
      let digest = cache.get(path, fileStats);
      if (digest === undefined) {
        const readAtMs = Date.now();
        const digester = createDigester();
        readFile(path, (chunk) => digester.update(chunk));
        digest = digester.digest();
        if (!cache.set(path, fileStats, digest, readAtMs)) racy.add(path);
      }
      digests.set(path, digest);
      return digest;
    },
    ignoredBy: (path) => (statIfThere(hostPathOf(path)) === undefined ? undefined : options.ignore?.which(path)?.pattern),
    nearestTo(path) {
      const folder = parentOf(path);
      const name = nearest(
        baseOf(path),
        statIfThere(hostPathOf(folder))?.isDirectory() === true ? readNames(hostPathOf(folder)) : [],
      );
      return name === undefined ? undefined : joinPath(folder, name);
    },
    save: () => cache?.save(),
  };
}

function walk(options: LocalContextOptions, stats: Map<string, Stats>): Entry[] {
  const { directory, ignore, follow = followEverything, modeOf = modeOnDisk, signal } = options;
  const entries: Entry[] = [];
  let isLedAway = false;
  const hardlinks = new Map<string, string>();
  /** Says whether anything was found: a directory that is excluded itself shows only when something below it is not. */
  const visit = (folder: string, state: MatchState | undefined): boolean => {
    signal.throwIfAborted();
    let found = false;
    for (const name of namesIn(folder === '' ? directory : `${directory}/${folder}`, folder)) {
      const path = joinPath(folder, name);
      if (!follow.mayHold(path)) continue;
      const below = state === undefined ? undefined : ignore?.enter(state, name);
      const excluded = below?.isMatched === true;
      if (excluded && !below.mayDifferBelow) continue;
      const host = `${directory}/${path}`;
      const info = statOf(host, path);
      if (info === undefined) continue;
      if (info.isDirectory()) {
        const at = entries.push(dirEntry(path, info, modeOf(path, info))) - 1;
        if (!visit(path, below) && excluded) entries.length = at;
        else found = true;
      } else if (!excluded) {
        found = true;
        entries.push(leafEntry(path, info, modeOf(path, info), host, hardlinks));
        isLedAway ||= info.isSymbolicLink() && follow.mayLeadAway(path);
        if (info.isFile()) stats.set(path, info);
      }
    }
    return found;
  };
  visit('', ignore?.root);
  return isLedAway ? walk({ ...options, follow: followEverything }, stats) : entries;
}

function statOf(host: string, path: string): Stats | undefined {
  try {
    return statIfThere(host);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function namesIn(host: string, path: string): string[] {
  try {
    return readNames(host);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw unreadable(path === '' ? '.' : path, error);
  }
}

function dirEntry(path: string, info: Stats, mode: number): Entry {
  return { type: 'dir', path, mode, uid: 0, gid: 0, mtimeSec: Math.floor(info.mtimeMs / 1000) };
}

function leafEntry(path: string, info: Stats, mode: number, host: string, hardlinks: Map<string, string>): Entry {
  const common = { path, mode, uid: 0, gid: 0, mtimeSec: Math.floor(info.mtimeMs / 1000) };
  if (info.isSymbolicLink()) return { type: 'symlink', ...common, mode: 0o777, target: readLink(host) };
  if (info.isFIFO()) return { type: 'fifo', ...common, major: 0, minor: 0 };
  if (info.isBlockDevice() || info.isCharacterDevice()) {
    return {
      type: info.isBlockDevice() ? 'block' : 'char',
      ...common,
      major: (info.rdev >> 8) & 0xfff,
      minor: (info.rdev & 0xff) | ((info.rdev >> 12) & 0xfff00),
    };
  }
  // A socket loses its type on the way to the builder: an empty file is what arrives.
  if (info.isSocket()) return { type: 'file', ...common, sizeBytes: 0, content: { kind: 'inline', base64: '' } };
  if (info.nlink > 1) {
    // Names of one file share a mode, unless it is chosen for each.
    const inode = `${info.dev} ${info.ino} ${mode}`;
    const first = hardlinks.get(inode);
    if (first !== undefined) return { type: 'hardlink', path, target: first };
    hardlinks.set(inode, path);
  }
  return { type: 'file', ...common, sizeBytes: info.size };
}

/** Never waits, and never leads out of the context: a link or a pipe may have taken the file's place. */
function openFile(host: HostPath, path: string): number {
  try {
    return openSync(fsPath(host), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isNotFound(error) || (isNodeError(error) && (error.code === 'ELOOP' || error.code === 'ENXIO'))) throw changed(path);
    throw unreadable(path, error);
  }
}

function isUnchanged(now: Stats, before: Stats): boolean {
  return (
    now.ino === before.ino &&
    now.dev === before.dev &&
    now.size === before.size &&
    now.mtimeMs === before.mtimeMs &&
    now.ctimeMs === before.ctimeMs
  );
}

function changed(path: string): SlipwayError {
  return new SlipwayError('SOURCE_CHANGED', `\`${path}\` changed while the build was reading it`, {
    hint: 'build again when nothing writes to the context',
  });
}

function unreadable(path: string, cause: unknown): SlipwayError {
  return new SlipwayError(
    'SOURCE_UNREADABLE',
    `cannot read \`${path}\` of the build context: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
      hint: 'make it readable, or exclude it in .dockerignore',
    },
  );
}
