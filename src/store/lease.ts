import { closeSync, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { type HostPath, ifThere } from '../base/index.ts';
import type { StorePaths } from './paths.ts';
import { lifeOf, ownProcessName } from './process-name.ts';

/**
 * Says that a build lives. It is an empty file among the ingests, named by its process, and its modification time is when the build began:
 * nothing that was used or made since is pruned. A process that dies leaves it to `recoverStore`.
 */
export interface Lease extends Disposable {
  readonly path: HostPath;
}

const mark = '-lease-';

export function createLease(paths: StorePaths): Lease {
  const path = paths.ingest(`${ownProcessName()}${mark}${randomBytes(8).toString('hex')}`);
  closeSync(openSync(path, 'wx', 0o600));
  // Not `rmSync`: the first call of that costs a millisecond, and this is on the path of every build.
  return { path, [Symbol.dispose]: () => ifThere(() => unlinkSync(path)) };
}

export function isLease(name: string): boolean {
  return name.includes(mark);
}

/** A lease of which nobody here can say whether its process lives counts for so long. */
const graceMs = 24 * 60 * 60 * 1000;

/** When each living build began. */
export function livingLeases(paths: StorePaths, nowMs: number): readonly number[] {
  return readdirSync(paths.ingest(''))
    .filter(isLease)
    .flatMap((name) => {
      const life = lifeOf(name);
      const stats = life === 'dead' ? undefined : lstatSync(paths.ingest(name), { throwIfNoEntry: false });
      if (stats === undefined || (life !== 'alive' && stats.mtimeMs < nowMs - graceMs)) return [];
      return [stats.mtimeMs];
    });
}
