import type { Vertex } from '../graph/index.ts';
import type { Digest } from '../oci/index.ts';
import type { EmitEvent } from './events.ts';

/** One named part of a cache key: what `slipway explain` compares. Values are digests or short texts, never secrets. */
export interface KeyPart {
  readonly name: string;
  readonly value: string;
}

/** What the solver hands to a running op. */
export interface OpContext {
  readonly signal: AbortSignal;
  readonly emit: EmitEvent;
}

/** What goes with running an op. */
export interface RunContext<R> extends OpContext {
  /** What this op gave before, latest first; there may be parts in it that can be used again. */
  readonly earlier: () => readonly (readonly R[])[];
}

/**
 * What the solver needs to know of ops. `R` is an op's result: plain JSON, meaningful to the ops alone.
 * The solver knows nothing else of what an op does.
 */
export interface OpRunner<R> {
  /**
   * The parts of the key that come from the op itself: everything the result depends on, nothing it doesn't
   * (no proxy, no secret value, no progress name).
   */
  opKey(vertex: Vertex): readonly KeyPart[];
  /**
   * For a vertex without inputs: what it is now (a manifest's digest, a commit), known without fetching it; `undefined`
   * for a *live* source, whose users are keyed by just the content that they take from it.
   */
  sourceKey(vertex: Vertex, context: OpContext): Promise<Digest | undefined>;
  /** Digest of just what `vertex` takes from the live source that is its input `input`. */
  liveInputKey(vertex: Vertex, input: number, source: R, context: OpContext): Promise<Digest>;
  /**
   * Digest of what `vertex` really takes from its input `input`: for early cut-off. Never counts times.
   */
  contentKey(vertex: Vertex, input: number, result: R, context: OpContext): Promise<Digest>;
  /** Do the op; `inputs` are in the vertex's order. Gives one result per output. */
  run(vertex: Vertex, inputs: readonly R[], context: RunContext<R>): Promise<readonly R[]>;
  /** Does this op cost a slot of `--jobs`? */
  isHeavy(vertex: Vertex): boolean;
  /** Is there everything that a cached result names? */
  isWhole(result: R): boolean;
}

/** What a key gave, once. */
export interface CacheRecord<R> {
  readonly results: readonly R[];
  readonly parts: readonly KeyPart[];
}

/** What an op was given and what it made of it, kept for early cut-off: contents are compared only when somebody needs it. */
export interface Candidate<R> {
  /** In the vertex's order: a result, or, for a live source, the digest of what was taken from it. */
  readonly inputs: readonly CandidateInput<R>[];
  readonly results: readonly R[];
}

export type CandidateInput<R> =
  | { readonly kind: 'result'; readonly result: R }
  | { readonly kind: 'live'; readonly taken: Digest };

/** Where results are remembered. */
export interface ResultCache<R> {
  read(key: Digest): CacheRecord<R> | undefined;
  write(key: Digest, record: CacheRecord<R>): void;
  /** What ops with this own key were given before, latest first. */
  candidates(opKey: Digest): readonly Candidate<R>[];
  addCandidate(opKey: Digest, candidate: Candidate<R>): void;
  /** Wait until no other process makes `key`, then hold it. */
  hold(key: Digest, signal: AbortSignal): Promise<Disposable>;
}
