import type { Digest } from '../oci/index.ts';
import type { Candidate } from './ports.ts';

export interface Comparison<R> {
  /** For each input that is a live source: the digest of what is taken from it. */
  readonly live: ReadonlyMap<number, Digest>;
  readonly isWhole: (result: R) => boolean;
  /** Digest of what the op takes from its input. */
  readonly contentNow: (index: number, input: R) => Promise<Digest>;
  /** The same for an input that it had before. */
  readonly contentThen: (index: number, input: R) => Promise<Digest>;
  readonly signal: AbortSignal;
}

/**
 * Early cut-off: what the op gave when it took the very same content from its inputs, though these may have been made anew since.
 * What a candidate needs for the comparison may be gone from the store; then the op is not cut off by it.
 */
export async function resultsOfSameContent<R>(
  candidates: readonly Candidate<R>[],
  inputs: readonly R[],
  comparison: Comparison<R>,
): Promise<readonly R[] | undefined> {
  if (inputs.length === 0) return undefined;
  const known = new Map<number, Digest>();
  const contentNow = async (index: number, input: R): Promise<Digest> => {
    const digest = known.get(index) ?? (await comparison.contentNow(index, input));
    known.set(index, digest);
    return digest;
  };
  for (const candidate of candidates) {
    if (!isComparable(candidate, inputs, comparison)) continue;
    if (await hadSameContent(candidate, inputs, { ...comparison, contentNow })) return candidate.results;
  }
  return undefined;
}

/** What can be said without looking at contents. */
function isComparable<R>(candidate: Candidate<R>, inputs: readonly R[], { live, isWhole }: Comparison<R>): boolean {
  if (candidate.inputs.length !== inputs.length || !candidate.results.every(isWhole)) return false;
  return candidate.inputs.every((before, index) => {
    if (before.kind === 'live') return before.taken === live.get(index);
    return !live.has(index) && isWhole(before.result);
  });
}

async function hadSameContent<R>(candidate: Candidate<R>, inputs: readonly R[], comparison: Comparison<R>): Promise<boolean> {
  for (const [index, input] of inputs.entries()) {
    const before = candidate.inputs[index];
    if (before?.kind !== 'result') continue;
    const now = await comparison.contentNow(index, input);
    if (now !== (await contentThen(index, before.result, comparison))) return false;
  }
  return true;
}

async function contentThen<R>(index: number, result: R, { contentThen, signal }: Comparison<R>): Promise<Digest | undefined> {
  try {
    return await contentThen(index, result);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
