import { editDistance } from '../../base/index.ts';

/** The first of the nearest names, at most two letters away in the same case; none when `name` is among them. */
export function suggestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of known) {
    if (candidate === name) return undefined;
    const distance = editDistance(name, candidate, bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}
