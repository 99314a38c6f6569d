import type { Vertex } from '../graph/index.ts';
import type { Digest } from '../oci/index.ts';
import type { CachedBy, EmitEvent } from './events.ts';
import { explainMiss, type FileChanges, likelyReasons, type MissAnswer, type RememberedKey } from './explain.ts';
import type { KeyPart } from './ports.ts';

/** What is known of the steps of earlier builds. A step is found again by its place: file, stage, number. */
export interface StepMemory<R> {
  /** Keys to hold this vertex's key against, likeliest first; `undefined`: the vertex has no place. */
  recall(vertex: Digest): readonly RememberedKey<R>[] | undefined;
  /** The key that the step in this vertex's place had last. */
  latest(vertex: Digest): RememberedKey<R> | undefined;
  /** Does nothing for a vertex without a place. */
  remember(vertex: Digest, key: RememberedKey<R>): void;
  /** Which files differ between two results of one step. */
  compare(before: readonly R[], after: readonly R[]): FileChanges | undefined;
}

/** How a vertex got its result. */
export type Outcome = { readonly by: 'run' | CachedBy; readonly startedAtMs: number; readonly endedAtMs: number };

/** Says why a vertex runs, at the time when it can be said. */
export interface Explaining<R> {
  begins(): void;
  made(results: readonly R[]): void;
  failed(): void;
}

interface Surroundings<R> {
  readonly memory?: StepMemory<R> | undefined;
  readonly nameOf: (vertex: Digest) => string;
  readonly ignoreCache: (vertex: Vertex) => boolean;
  readonly outcomes: ReadonlyMap<Digest, Outcome>;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/**
 * Say why `vertex`, whose key has these parts, runs: before it does, unless only its result can tell. What it makes is remembered for
 * the next time.
 */
export function explainRun<R>(
  vertex: Vertex,
  parts: readonly KeyPart[],
  { memory, nameOf, ignoreCache, outcomes, emit, now }: Surroundings<R>,
): Explaining<R> {
  const earlier = memory?.recall(vertex.digest);
  if (memory === undefined || earlier === undefined) return { begins: nothing, made: nothing, failed: nothing };
  const key = { name: nameOf(vertex.digest), parts, inputNames: vertex.inputs.map((edge) => nameOf(edge.vertex)) };
  const { reasons, nearest }: MissAnswer<R> = ignoreCache(vertex)
    ? { reasons: [{ kind: 'no-cache' }], nearest: undefined }
    : explainMiss({ ...key, earlier });
  const ran = new Set(vertex.inputs.flatMap(({ vertex: below }) => (outcomes.get(below)?.by === 'run' ? nameOf(below) : [])));
  const say = (changes: FileChanges | undefined): void =>
    emit({ kind: 'step-explained', step: vertex.digest, reasons: likelyReasons(reasons, ran, changes), atMs: now() });
  const isAboutFiles = reasons.some(({ kind }) => kind === 'files');
  return {
    begins: () => (isAboutFiles ? undefined : say(undefined)),
    failed: () => (isAboutFiles ? say(undefined) : undefined),
    made(results) {
      memory.remember(vertex.digest, { ...key, results });
      if (isAboutFiles) say(nearest === undefined ? undefined : memory.compare(nearest.results, results));
    },
  };
}

const nothing = (): void => {};
