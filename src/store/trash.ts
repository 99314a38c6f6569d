import { linkSync, lstatSync, renameSync, type Stats } from 'node:fs';
import { ifThere, isNodeError } from '../base/index.ts';
import { notedAt } from './inventory.ts';
import { createIngest } from './ingest.ts';
import type { StorePaths } from './paths.ts';

/** Where pruned things go before they are deleted: an ingest, so that a process that dies leaves nothing. */
export interface Trash extends Disposable {
  /**
   * Take away what lies at `path`, unless it was made or its use noted since `cutoffMs`. A build reads first and notes the use then: when that
   * happens while this looks, either the thing comes back or the build finds it gone. `false`: it stays, or wasn't there.
   */
  take(path: string): boolean;
  /** Take it away, whenever it was used. */
  takeAnyway(path: string): boolean;
}

export function createTrash(paths: StorePaths, cutoffMs: number): Trash {
  const ingest = createIngest(paths);
  let count = 0;
  const moveAside = (path: string): string | undefined => {
    const aside = ingest.child(String(count++));
    return ifThere(() => {
      renameSync(path, aside);
      return aside;
    });
  };
  return {
    take(path) {
      const noted = notedAt(path);
      if (noted === undefined || noted >= cutoffMs) return false;
      const aside = moveAside(path);
      if (aside === undefined) return false;
      const stats = lstatSync(aside);
      if (stats.mtimeMs < cutoffMs) return true;
      putBack(aside, path, stats);
      return false;
    },
    takeAnyway: (path) => moveAside(path) !== undefined,
    [Symbol.dispose]: () => ingest[Symbol.dispose](),
  };
}

/** Unless another one has come in its place. */
function putBack(aside: string, path: string, stats: Stats): void {
  try {
    if (stats.isDirectory()) renameSync(aside, path);
    else linkSync(aside, path);
  } catch (error) {
    if (!isNodeError(error) || (error.code !== 'EEXIST' && error.code !== 'ENOTEMPTY')) throw error;
  }
}
