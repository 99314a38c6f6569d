import { lstatSync, readdirSync, rmSync } from 'node:fs';
import type { StorePaths } from '../../store/index.ts';

export interface HistoryLimits {
  readonly builds: number;
  readonly sizeBytes: number;
}

/** An ID begins with the time its build began, in so many digits of base 36. */
export const timeDigits = 9;

/** So many builds are kept, and so much of what they said. */
const usualLimits: HistoryLimits = { builds: 200, sizeBytes: 256 << 20 };

/** Forget the oldest builds when there are too many, or when they say too much; never the latest. */
export function capHistory(paths: StorePaths, limits: HistoryLimits = usualLimits): void {
  const [latest, ...others] = readdirSync(paths.history('')).sort().reverse();
  if (latest === undefined) return;
  let sumBytes = sizeOf(paths, latest);
  for (const [at, id] of others.entries()) {
    sumBytes += sizeOf(paths, id);
    if (at + 1 >= limits.builds || sumBytes > limits.sizeBytes) forgetBuild(paths, id);
  }
  forgetGraphs(paths);
}

/** Forget what no build of the history was to do. */
export function forgetGraphs(paths: StorePaths): void {
  const oldest = readdirSync(paths.history('')).sort()[0];
  const sinceMs = oldest === undefined ? Date.now() : startOf(oldest);
  for (const key of readdirSync(paths.recordFolder('graph'))) {
    const path = paths.record('graph', key);
    const usedAtMs = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (usedAtMs !== undefined && usedAtMs < sinceMs) rmSync(path, { force: true });
  }
}

/** When a build began, in ms since 1970: its ID says so. */
function startOf(id: string): number {
  return Number.parseInt(id.slice(0, timeDigits), 36) || 0;
}

function sizeOf(paths: StorePaths, id: string): number {
  return lstatSync(paths.history(id), { throwIfNoEntry: false })?.size ?? 0;
}

export function forgetBuild(paths: StorePaths, id: string): void {
  rmSync(paths.history(id), { recursive: true, force: true });
}
