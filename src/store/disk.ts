import type { Stats } from 'node:fs';
import { ifThere } from '../base/index.ts';
import { readNames, statIfThere } from '../native/index.ts';

/** Adds up what files take on the disk: allocated blocks, each inode once however many names it has. */
export interface DiskMeter {
  /** Bytes of the file or folder at `path` that were not counted before; 0 when it is not there. */
  add(path: string): number;
}

/** @see stat(2): `st_blocks` counts units of 512 bytes, whatever the file system's block size */
const blockBytes = 512;

export function createDiskMeter(): DiskMeter {
  const seen = new Set<string>();
  const own = (stats: Stats): number => {
    if (stats.nlink > 1 && !stats.isDirectory()) {
      const inode = `${stats.dev}:${stats.ino}`;
      if (seen.has(inode)) return 0;
      seen.add(inode);
    }
    return stats.blocks * blockBytes;
  };
  const walk = (path: string): number => {
    const stats = statIfThere(path);
    if (stats === undefined) return 0;
    let sizeBytes = own(stats);
    if (stats.isDirectory()) for (const name of listed(path)) sizeBytes += walk(`${path}/${name}`);
    return sizeBytes;
  };
  const counted = new Set<string>();
  return {
    add(path) {
      if (counted.has(path)) return 0;
      counted.add(path);
      return walk(path);
    },
  };
}

/** A running build may take a folder away meanwhile. */
function listed(path: string): readonly string[] {
  return ifThere(() => readNames(path)) ?? [];
}
