import { editDistance } from '../../base/index.ts';

const manyNames = 200;

/** The first of the nearest names, at most two letters away in the same case; none when `name` is among them. Of very many only the first are looked at. */
export function suggestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  let seen = 0;
  for (const candidate of known) {
    if (++seen > manyNames) break;
    if (candidate === name) return undefined;
    const distance = editDistance(name, candidate, bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}
