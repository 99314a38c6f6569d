import { lstatSync } from 'node:fs';
import { createIngest } from './ingest.ts';
import { livingLeases } from './lease.ts';
import type { StorePaths } from './paths.ts';

/** Kernel time stamps lag behind the clock by up to 10 ms. */
const tickMs = 20;
/** While a build lives, so much is given to a clock that was set back. It keeps a little too much. */
const clockSlackMs = 60_000;

/**
 * What was made, or noted as used, since then must stay: a build that lives may have it in hand.
 * `nowMs` is only for leases of which nobody can tell whether their process lives; times of files are compared with times of files.
 */
export function protectedSince(paths: StorePaths, nowMs: number): number {
  using ingest = createIngest(paths);
  const fileNowMs = lstatSync(ingest.path).mtimeMs;
  return Math.min(fileNowMs - tickMs, ...livingLeases(paths, nowMs).map((beganMs) => beganMs - clockSlackMs));
}
