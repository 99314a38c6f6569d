import { cancelled, type Semaphore, SlipwayError, toSlipwayError } from '../base/index.ts';
import { type Edge, type Graph, topological, type Vertex } from '../graph/index.ts';
import type { Digest } from '../oci/index.ts';
import type { EmitEvent } from './events.ts';
import { keyOf } from './keys.ts';
import type { CacheRecord, Candidate, CandidateInput, KeyPart, OpContext, OpRunner, ResultCache } from './ports.ts';

export interface SolveOptions<R> {
  readonly runner: OpRunner<R>;
  readonly cache: ResultCache<R>;
  /** One slot for each heavy op. */
  readonly slots: Semaphore;
  readonly signal: AbortSignal;
  readonly emit: EmitEvent;
  readonly nameOf: (vertex: Digest) => string;
  /** Run these even if the cache knows their result; what they give replaces it. */
  readonly ignoreCache: (vertex: Vertex) => boolean;
  readonly now: () => number;
}

/** How a vertex got its result. */
export type Outcome = { readonly by: 'run' | 'definition' | 'content'; readonly startedAtMs: number; readonly endedAtMs: number };

/** One request to the solver; vertices that its edges share are solved once. */
export interface Job<R> {
  /** The result of `edge`, from the cache or by running what it needs. The first failure stops everything else of the job. */
  solve(edge: Edge): Promise<R>;
  /** The cached result of `edge`, if its definition key is known to the cache; runs nothing. */
  peek(edge: Edge): Promise<R | undefined>;
  readonly outcomes: ReadonlyMap<Digest, Outcome>;
}

interface Keyed {
  /** `undefined`: a live source. */
  readonly definition: Digest | undefined;
  readonly parts: readonly KeyPart[];
  readonly opKey: Digest;
  /** For each input that is a live source: the digest of what is taken from it. */
  readonly live: ReadonlyMap<number, Digest>;
}

/** Start a job on `graph`. */
export function startJob<R>(graph: Graph, options: SolveOptions<R>): Job<R> {
  const { runner, cache, emit, now } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const context: OpContext = { signal, emit };
  const keys = new Map<Digest, Promise<Keyed>>();
  const results = new Map<Digest, Promise<readonly R[]>>();
  const outcomes = new Map<Digest, Outcome>();

  const vertexOf = (digest: Digest): Vertex => {
    const vertex = graph.vertices.get(digest);
    if (vertex === undefined) throw new SlipwayError('SOLVE_BAD_GRAPH', `the graph has no vertex \`${digest}\``, { class: 'internal' });
    return vertex;
  };
  const memo = <V>(map: Map<Digest, Promise<V>>, digest: Digest, make: () => Promise<V>): Promise<V> => {
    const known = map.get(digest);
    if (known !== undefined) return known;
    const made = make();
    map.set(digest, made);
    made.catch(() => {}); // whoever asked first reports it; later askers get the same rejection
    return made;
  };

  const key = (digest: Digest): Promise<Keyed> => memo(keys, digest, () => computeKey(vertexOf(digest)));
  const computeKey = async (vertex: Vertex): Promise<Keyed> => {
    await Promise.resolve(); // a chain of thousands of vertices must not become as deep a stack
    const own = runner.opKey(vertex);
    const opKey = keyOf('op', own);
    if (vertex.inputs.length === 0) {
      if (vertex.op.kind !== 'source') return { definition: keyOf('definition', own), parts: own, opKey, live: new Map() };
      const pin = await reporting(vertex, () => runner.sourceKey(vertex, context));
      const parts = pin === undefined ? own : [{ name: 'source', value: pin }];
      return { definition: pin === undefined ? undefined : keyOf('definition', parts), parts, opKey, live: new Map() };
    }
    const live = new Map<number, Digest>();
    const inputs = await Promise.all(
      vertex.inputs.map(async (edge, index): Promise<KeyPart> => {
        const { definition } = await key(edge.vertex);
        if (definition !== undefined) return { name: `input ${index}`, value: `${definition} ${edge.output}` };
        const source = await settle(edge);
        const taken = await reporting(vertex, () => runner.liveInputKey(vertex, index, source, context));
        live.set(index, taken);
        return { name: `content of input ${index}`, value: taken };
      }),
    );
    const parts = [...own, ...inputs];
    return { definition: keyOf('definition', parts), parts, opKey, live };
  };

  const settle = async (edge: Edge): Promise<R> => {
    const outputs = await memo(results, edge.vertex, () => settleVertex(vertexOf(edge.vertex)));
    const result = outputs[edge.output];
    if (result === undefined) throw new SlipwayError('SOLVE_BAD_GRAPH', `\`${edge.vertex}\` has no output ${edge.output}`, { class: 'internal' });
    return result;
  };

  const settleVertex = async (vertex: Vertex): Promise<readonly R[]> => {
    try {
      await Promise.resolve();
      signal.throwIfAborted();
      const keyed = await key(vertex.digest);
      if (keyed.definition === undefined) return await runNow(vertex, []);
      const hit = options.ignoreCache(vertex) ? undefined : lookUp(keyed.definition);
      if (hit !== undefined) return finishCached(vertex, hit.results, 'definition');
      const inputs = await Promise.all(vertex.inputs.map(settle));
      return await cutOffOrRun(vertex, keyed, keyed.definition, inputs);
    } catch (thrown) {
      const error = signal.aborted && !(thrown instanceof SlipwayError) ? cancelled(thrown) : toSlipwayError(thrown);
      if (!stop.signal.aborted) stop.abort(error);
      throw error;
    }
  };

  const cutOffOrRun = async (vertex: Vertex, keyed: Keyed, definition: Digest, inputs: readonly R[]): Promise<readonly R[]> => {
    const ignore = options.ignoreCache(vertex);
    if (!ignore) {
      const same = await sameContentBefore(vertex, keyed, inputs);
      if (same !== undefined) {
        cache.write(definition, { results: same, parts: keyed.parts });
        return finishCached(vertex, same, 'content');
      }
    }
    const heavy = runner.isHeavy(vertex);
    using _slot = heavy ? await options.slots.acquire(signal) : undefined;
    using _lock = heavy ? await cache.hold(definition, signal) : undefined;
    const madeMeanwhile = heavy && !ignore ? lookUp(definition) : undefined;
    if (madeMeanwhile !== undefined) return finishCached(vertex, madeMeanwhile.results, 'definition');
    const outputs = await runNow(vertex, inputs);
    cache.write(definition, { results: outputs, parts: keyed.parts });
    if (inputs.length > 0) cache.addCandidate(keyed.opKey, { inputs: inputs.map((result, index) => candidateInput(keyed, result, index)), results: outputs });
    return outputs;
  };

  /** Early cut-off: the upstream may have run again and given what it gave before. */
  const sameContentBefore = async (vertex: Vertex, keyed: Keyed, inputs: readonly R[]): Promise<readonly R[] | undefined> => {
    if (inputs.length === 0) return undefined;
    for (const candidate of cache.candidates(keyed.opKey)) {
      if (candidate.inputs.length === inputs.length && candidate.results.every(runner.isWhole) && (await isSame(vertex, keyed, inputs, candidate))) {
        return candidate.results;
      }
    }
    return undefined;
  };

  const isSame = async (vertex: Vertex, keyed: Keyed, inputs: readonly R[], candidate: Candidate<R>): Promise<boolean> => {
    for (const [index, before] of candidate.inputs.entries()) {
      const live = keyed.live.get(index);
      if (before.kind === 'live' || live !== undefined) {
        if (before.kind !== 'live' || before.taken !== live) return false;
        continue;
      }
      const input = inputs[index];
      if (input === undefined || !runner.isWhole(before.result)) return false;
      const taken = await reporting(vertex, () => runner.contentKey(vertex, index, input, context));
      if (taken !== (await runner.contentKey(vertex, index, before.result, context))) return false;
    }
    return true;
  };

  const candidateInput = (keyed: Keyed, result: R, index: number): CandidateInput<R> => {
    const taken = keyed.live.get(index);
    return taken === undefined ? { kind: 'result', result } : { kind: 'live', taken };
  };

  const lookUp = (digest: Digest): CacheRecord<R> | undefined => {
    const record = cache.read(digest);
    return record?.results.every((result) => runner.isWhole(result)) ? record : undefined;
  };

  const finishCached = (vertex: Vertex, cached: readonly R[], by: 'definition' | 'content'): readonly R[] => {
    noteImplied(vertex);
    const atMs = now();
    outcomes.set(vertex.digest, { by, startedAtMs: atMs, endedAtMs: atMs });
    emit({ kind: 'step-cached', step: vertex.digest, name: options.nameOf(vertex.digest), by, atMs });
    return cached;
  };

  /** What a cached result was made of is cached too, though nobody had to look. */
  const noteImplied = (vertex: Vertex): void => {
    for (const below of topological(graph, { vertex: vertex.digest, output: 0 })) {
      const isLive = below.op.kind === 'source' && below.op.identifier.startsWith('local://');
      if (below.digest === vertex.digest || isLive || outcomes.has(below.digest) || results.has(below.digest)) continue;
      const atMs = now();
      outcomes.set(below.digest, { by: 'definition', startedAtMs: atMs, endedAtMs: atMs });
      emit({ kind: 'step-cached', step: below.digest, name: options.nameOf(below.digest), by: 'definition', atMs });
    }
  };

  const runNow = async (vertex: Vertex, inputs: readonly R[]): Promise<readonly R[]> => {
    signal.throwIfAborted();
    const startedAtMs = now();
    const step = vertex.digest;
    emit({ kind: 'step-started', step, name: options.nameOf(step), atMs: startedAtMs });
    const outputs = await reporting(vertex, () => runner.run(vertex, inputs, context), true);
    outcomes.set(step, { by: 'run', startedAtMs, endedAtMs: now() });
    emit({ kind: 'step-done', step, atMs: now() });
    return outputs;
  };

  /** Tell of a failure of `vertex` where it happens: it may be in looking at what the vertex would take, before it starts. */
  const reporting = async <T>(vertex: Vertex, work: () => Promise<T>, isStarted = false): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      const step = vertex.digest;
      if (signal.aborted) {
        if (isStarted) emit({ kind: 'step-cancelled', step, atMs: now() });
      } else {
        if (!isStarted) emit({ kind: 'step-started', step, name: options.nameOf(step), atMs: now() });
        emit({ kind: 'step-failed', step, error, atMs: now() });
      }
      throw error;
    }
  };

  return {
    outcomes,
    async solve(edge) {
      try {
        return await settle(edge);
      } catch (error) {
        await Promise.allSettled([...results.values(), ...keys.values()]);
        throw stop.signal.aborted ? stop.signal.reason : error;
      }
    },
    async peek(edge) {
      const settled = results.get(edge.vertex);
      if (settled !== undefined) return (await settled)[edge.output];
      const { definition } = await key(edge.vertex);
      return definition === undefined ? undefined : lookUp(definition)?.results[edge.output];
    },
  };
}
