import { chmodSync, closeSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, rmSync, symlinkSync, utimesSync, writeSync } from 'node:fs';
import { type HostPath, SlipwayError } from '../base/index.ts';
import type { DirEntry, Entry, FileEntry, LayerId, Tree } from '../layer/index.ts';
import { type Content, entriesBelow } from '../rootfs/index.ts';

/**
 * Write a root file system into a directory of the user's. Files that are there are replaced, others kept; everything belongs to the
 * caller; modes and times are the image's. Device nodes and pipes are left out.
 *
 * @throws {SlipwayError} `EXPORT_IN_THE_WAY` a directory stands where a file should be.
 */
export async function mergeTree(tree: Tree, directory: HostPath, { content, signal }: { readonly content: Content; readonly signal: AbortSignal }): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const entries = entriesBelow(tree.root).filter(({ path }) => path !== '');
  const layers = new Set<LayerId>();
  for (const entry of entries) if (entry.type === 'file' && entry.content?.kind === 'layer') layers.add(entry.content.layer);
  for (const layer of layers) await content.prepare(layer, signal);
  const directories: DirEntry[] = [];
  for (const entry of entries) {
    signal.throwIfAborted();
    const host = `${directory}/${entry.path}`;
    if (entry.type === 'dir') {
      makeDirectory(host);
      directories.push(entry);
    } else writeLeaf(entry, host, directory, content);
  }
  for (const { path, mode, mtimeSec } of directories.reverse()) {
    chmodSync(`${directory}/${path}`, mode);
    utimesSync(`${directory}/${path}`, mtimeSec, mtimeSec);
  }
}

function makeDirectory(host: string): void {
  const there = lstatSync(host, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) return chmodSync(host, there.mode | 0o700);
  if (there !== undefined) rmSync(host);
  mkdirSync(host);
}

function writeLeaf(entry: Exclude<Entry, DirEntry>, host: string, directory: string, content: Content): void {
  switch (entry.type) {
    case 'file':
      makeRoom(host);
      return writeFile(entry, host, content);
    case 'symlink':
      makeRoom(host);
      symlinkSync(entry.target, host);
      return lutimesSync(host, entry.mtimeSec, entry.mtimeSec);
    case 'hardlink':
      makeRoom(host);
      return linkSync(`${directory}/${entry.target}`, host);
    case 'char':
    case 'block':
    case 'fifo':
    case 'whiteout':
      return;
  }
}

function makeRoom(host: string): void {
  const there = lstatSync(host, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) {
    throw new SlipwayError('EXPORT_IN_THE_WAY', `\`${host}\` is a directory, but the image has a file there`, { hint: 'remove it, or choose another destination' });
  }
  if (there !== undefined) rmSync(host);
}

function writeFile(entry: FileEntry, host: string, content: Content): void {
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
