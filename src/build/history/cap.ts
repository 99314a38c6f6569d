import { lstatSync, readdirSync, rmSync } from 'node:fs';
import type { StorePaths } from '../../store/index.ts';

export interface HistoryLimits {
  readonly builds: number;
  readonly sizeBytes: number;
}

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
}

function sizeOf(paths: StorePaths, id: string): number {
  return lstatSync(paths.history(id), { throwIfNoEntry: false })?.size ?? 0;
}

export function forgetBuild(paths: StorePaths, id: string): void {
  rmSync(paths.history(id), { recursive: true, force: true });
}
