import { lstatSync, readFileSync } from 'node:fs';
import { type HostPath, hostPath, ifThere } from '../base/index.ts';
import { openStore, prune, writeAside } from '../store/index.ts';

/** What was freed to keep the cache within its limit. */
export interface Freed {
  readonly count: number;
  readonly sizeBytes: number;
}

/**
 * Bring what no image needs down to `limitBytes`, least recently used first. To measure the store takes longer than a cached build, so it is
 * done only when something was made since the last time.
 * @returns `undefined` when nothing had to go
 */
export async function keepCacheLimit(root: HostPath, limitBytes: number, signal: AbortSignal): Promise<Freed | undefined> {
  const noted = hostPath(`${root}/cache-limit`);
  if (readNote(noted) === note(root, limitBytes)) return undefined;
  const store = openStore(root);
  const { removed, freedBytes } = await prune(store, { all: true, keepBytes: () => limitBytes, nowMs: Date.now(), signal });
  writeAside(store.paths, noted, note(root, limitBytes));
  return removed.length === 0 ? undefined : { count: removed.length, sizeBytes: freedBytes };
}

/** Says the limit, and when the folders in which things are made were changed last. */
function note(root: HostPath, limitBytes: number): string {
  const times = ['blobs/sha256', 'layers', 'index', 'cache-mounts'].map((folder) => lstatSync(`${root}/${folder}`).mtimeMs);
  return [limitBytes, ...times].join(' ');
}

function readNote(path: HostPath): string | undefined {
  return ifThere(() => readFileSync(path, 'utf8'));
}
