import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { decodeFileName, type HostPath, SlipwayError } from '../base/index.ts';
import type { DirEntry, Entry, FileEntry, LayerId, Tree } from '../layer/index.ts';
import { fsPath, mknod, removeTree } from '../native/index.ts';
import { type Content, entriesBelow } from '../rootfs/index.ts';
import { setTimes } from './times.ts';

export interface MergeOptions {
  readonly content: Content;
  readonly signal: AbortSignal;
  /** Remove what is there and not in the tree. Default: it is kept. */
  readonly removesOthers?: boolean | undefined;
  /** Seconds since 1970: the time of every file. Default: each its own. */
  readonly mtimeSec?: number | undefined;
}

/**
 * Write a root file system into a directory of the user's. Files that are there are replaced, others kept; everything belongs to the
 * caller; modes and times are the image's. Device nodes are left out: whoever may read them could read the machine's disks.
 *
 * @throws {SlipwayError} `EXPORT_IN_THE_WAY` a directory stands where a file should be, and others are kept.
 */
export async function mergeTree(tree: Tree, directory: HostPath, options: MergeOptions): Promise<void> {
  const { content, signal, removesOthers = false, mtimeSec } = options;
  mkdirSync(directory, { recursive: true });
  const entries = setTimes(entriesBelow(tree.root), mtimeSec).filter(({ path }) => path !== '');
  if (removesOthers) removeOthers(directory, '', new Map(entries.map(({ path, type }) => [path, type])), signal);
  const layers = new Set<LayerId>();
  for (const entry of entries) if (entry.type === 'file' && entry.content?.kind === 'layer') layers.add(entry.content.layer);
  for (const layer of layers) await content.prepare(layer, signal);
  const directories: DirEntry[] = [];
  const leftOut = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    if ((index & 0xff) === 0xff) await new Promise(setImmediate);
    signal.throwIfAborted();
    const host = `${directory}/${entry.path}`;
    if (entry.type === 'dir') {
      makeDirectory(host);
      directories.push(entry);
    } else if (isLeftOut(entry, leftOut)) leftOut.add(entry.path);
    else writeLeaf(entry, host, directory, content);
  }
  for (const entry of directories.reverse()) {
    const host = fsPath(`${directory}/${entry.path}`);
    chmodSync(host, entry.mode);
    utimesSync(host, entry.mtimeSec, entry.mtimeSec);
  }
}

/** Remove what `wanted` does not name, and directories where it wants something else. Follows no link. */
function removeOthers(directory: HostPath, path: string, wanted: ReadonlyMap<string, Entry['type']>, signal: AbortSignal): void {
  signal.throwIfAborted();
  for (const child of readdirSync(fsPath(`${directory}/${path}`), { withFileTypes: true, encoding: 'buffer' })) {
    const name = decodeFileName(child.name);
    const at = path === '' ? name : `${path}/${name}`;
    const type = wanted.get(at);
    if (type === 'dir' && child.isDirectory()) removeOthers(directory, at, wanted, signal);
    else if (type === undefined || child.isDirectory()) removeTree(`${directory}/${at}`);
  }
}

function makeDirectory(path: string): void {
  const host = fsPath(path);
  const there = lstatSync(host, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) return chmodSync(host, there.mode | 0o700);
  if (there !== undefined) rmSync(host);
  mkdirSync(host);
}

type Leaf = Exclude<Entry, DirEntry>;

function isLeftOut(entry: Leaf, leftOut: ReadonlySet<string>): boolean {
  if (entry.type === 'hardlink') return leftOut.has(entry.target);
  return entry.type !== 'file' && entry.type !== 'symlink' && entry.type !== 'fifo';
}

function writeLeaf(entry: Leaf, path: string, directory: HostPath, content: Content): void {
  makeRoom(path);
  const host = fsPath(path);
  switch (entry.type) {
    case 'file':
      return writeFile(entry, host, content);
    case 'symlink':
      symlinkSync(fsPath(entry.target), host);
      return lutimesSync(host, entry.mtimeSec, entry.mtimeSec);
    case 'hardlink':
      return linkSync(fsPath(`${directory}/${entry.target}`), host);
    case 'fifo':
      mknod(path, 'fifo', 0o600, entry);
      chmodSync(host, entry.mode);
      return utimesSync(host, entry.mtimeSec, entry.mtimeSec);
    case 'char':
    case 'block':
    case 'whiteout':
      return;
  }
}

function makeRoom(path: string): void {
  const host = fsPath(path);
  const there = lstatSync(host, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) {
    throw new SlipwayError('EXPORT_IN_THE_WAY', `\`${path}\` is a directory, but the image has a file there`, {
      hint: 'remove it, or choose another destination',
    });
  }
  if (there !== undefined) rmSync(host);
}

function writeFile(entry: FileEntry, host: string | Buffer, content: Content): void {
  const fd = openSync(host, 'wx', entry.mode & 0o777);
  try {
    content.read('' as LayerId, entry, (chunk) => {
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(fd, chunk, at);
    });
  } finally {
    closeSync(fd);
  }
  chmodSync(host, entry.mode);
  utimesSync(host, entry.mtimeSec, entry.mtimeSec);
}
