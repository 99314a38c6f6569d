import { cancelled, type Semaphore, settleAll, SlipwayError, toSlipwayError } from '../base/index.ts';
import type { Edge, Graph, Vertex } from '../graph/index.ts';
import type { Digest } from '../oci/index.ts';
import { resultsOfSameContent } from './cut-off.ts';
import type { CachedBy, EmitEvent } from './events.ts';
import type { RememberedKey } from './explain.ts';
import { type Explaining, explainRun, type Outcome, type StepMemory } from './explain-run.ts';
import { keyOf } from './keys.ts';
import type { CacheRecord, CandidateInput, KeyPart, OpContext, OpRunner, ResultCache } from './ports.ts';

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
  /** Earlier keys of the steps, to say why one runs. */
  readonly memory?: StepMemory<R> | undefined;
}

/** One request to the solver; vertices that its edges share are solved once. */
export interface Job<R> {
  /** The result of `edge`, from the cache or by running what it needs. The first failure stops everything else of the job. */
  solve(edge: Edge): Promise<R>;
  /** The result of `edge`, if it was solved or the cache has it, and what was solved needed it. Runs nothing. */
  peek(edge: Edge): Promise<R | undefined>;
  /** Of each vertex solved so far that takes something from a live source: a digest of what it takes, whatever else it has. */
  taken(): Promise<ReadonlyMap<Digest, Digest>>;
  readonly outcomes: ReadonlyMap<Digest, Outcome>;
}

interface Keyed {
  /** `undefined`: a live source. */
  readonly definition: Digest | undefined;
  readonly parts: readonly KeyPart[];
  readonly opKey: Digest;
  /** For each input that is a live source: the digest of what is taken from it. */
  readonly live: ReadonlyMap<number, Digest>;
  /** It, or something it needs, has to run again: a result from before is good only if its inputs turn out the same. */
  readonly isStale: boolean;
}

const nothingLive: ReadonlyMap<number, Digest> = new Map();

/** Start a job on `graph`. */
export function startJob<R>(graph: Graph, options: SolveOptions<R>): Job<R> {
  const { runner, cache, emit, now } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const context: OpContext = { signal, emit };
  const keys = new Map<Digest, Promise<Keyed>>();
  const results = new Map<Digest, Promise<readonly R[]>>();
  /** By definition key: vertices that mean the same, such as those of two tags of one image, are solved once. */
  const twins = new Map<string, Promise<readonly R[]>>();
  const outcomes = new Map<Digest, Outcome>();
  const liveSources = new Set<Digest>();
  const implied = new Set<Digest>();
  const remembered = new Set<Digest>();

  const vertexOf = (digest: Digest): Vertex => {
    const vertex = graph.vertices.get(digest);
    if (vertex === undefined)
      throw new SlipwayError('SOLVE_BAD_GRAPH', `the graph has no vertex \`${digest}\``, { class: 'internal' });
    return vertex;
  };
  const memo = <K, V>(map: Map<K, Promise<V>>, name: K, make: () => Promise<V>): Promise<V> => {
    const known = map.get(name);
    if (known !== undefined) return known;
    const made = make().catch((thrown: unknown) => {
      throw fail(thrown);
    });
    map.set(name, made);
    made.catch(() => {}); // whoever asked first reports it; later askers get the same rejection
    return made;
  };
  /** Stop the job, unless it is stopping already. Gives the error to go on with. */
  const fail = (thrown: unknown): SlipwayError => {
    const error = options.signal.aborted ? abortReason(options.signal) : toSlipwayError(thrown);
    if (!stop.signal.aborted) stop.abort(error);
    return error;
  };

  const key = (digest: Digest): Promise<Keyed> => memo(keys, digest, () => computeKey(digest));
  const computeKey = async (digest: Digest): Promise<Keyed> => {
    await Promise.resolve(); // a chain of thousands of vertices must not become as deep a stack
    signal.throwIfAborted();
    const vertex = vertexOf(digest);
    const own = runner.opKey(vertex);
    const opKey = keyOf('op', own);
    const isIgnored = options.ignoreCache(vertex);
    if (vertex.inputs.length === 0) {
      const pin = vertex.op.kind === 'source' ? await reporting(vertex, () => runner.sourceKey(vertex, context)) : undefined;
      const parts = pin === undefined ? own : [{ name: 'source', value: pin }];
      const isLive = vertex.op.kind === 'source' && pin === undefined;
      if (isLive) liveSources.add(digest);
      return { definition: isLive ? undefined : keyOf('definition', parts), parts, opKey, live: nothingLive, isStale: isIgnored };
    }
    const live = new Map<number, Digest>();
    let isStale = isIgnored;
    const inputs = await settleAll(vertex.inputs, async (edge, index): Promise<KeyPart> => {
      const input = await key(edge.vertex);
      if (input.definition !== undefined) {
        isStale ||= input.isStale;
        return { name: `input ${index}`, value: `${input.definition} ${edge.output}` };
      }
      const source = await settle(edge);
      const taken = await reporting(vertex, () => runner.liveInputKey(vertex, index, source, context));
      live.set(index, taken);
      return { name: `content of input ${index}`, value: taken };
    });
    const parts = [...own, ...inputs];
    return { definition: keyOf('definition', parts), parts, opKey, live, isStale };
  };

  const settle = async (edge: Edge): Promise<R> => {
    const outputs = await memo(results, edge.vertex, () => settleVertex(edge.vertex));
    const result = outputs[edge.output];
    if (result === undefined)
      throw new SlipwayError('SOLVE_BAD_GRAPH', `\`${edge.vertex}\` has no output ${edge.output}`, { class: 'internal' });
    return result;
  };

  const settleVertex = async (digest: Digest): Promise<readonly R[]> => {
    await Promise.resolve();
    signal.throwIfAborted();
    const vertex = vertexOf(digest);
    const keyed = await key(digest);
    const { definition, isStale } = keyed;
    if (definition === undefined) return await runNow(vertex, []);
    const name = `${definition} ${isStale}`;
    const twin = twins.get(name);
    if (twin === undefined) return await memo(twins, name, () => settleKeyed(vertex, keyed, definition));
    return finishCached(vertex, await twin, 'definition');
  };

  const settleKeyed = async (vertex: Vertex, keyed: Keyed, definition: Digest): Promise<readonly R[]> => {
    const hit = keyed.isStale ? undefined : lookUp(definition);
    if (hit !== undefined) return finishCached(vertex, hit.results, 'definition');
    const inputs = await settleAll(vertex.inputs, settle);
    return await cutOffOrRun(vertex, keyed, definition, inputs);
  };

  const cutOffOrRun = async (vertex: Vertex, keyed: Keyed, definition: Digest, inputs: readonly R[]): Promise<readonly R[]> => {
    const same = options.ignoreCache(vertex) ? undefined : await sameBefore(vertex, keyed, inputs);
    if (same !== undefined) {
      cache.write(definition, { results: same, parts: keyed.parts });
      return finishCached(vertex, same, 'content');
    }
    const heavy = runner.isHeavy(vertex);
    using _slot = heavy ? await options.slots.acquire(signal) : undefined;
    using _lock = heavy ? await cache.hold(definition, signal) : undefined;
    const madeMeanwhile = heavy && !keyed.isStale ? lookUp(definition) : undefined;
    if (madeMeanwhile !== undefined) return finishCached(vertex, madeMeanwhile.results, 'other-build');
    const outputs = await runNow(vertex, inputs, explainRun(vertex, keyed.parts, { ...options, outcomes }));
    cache.write(definition, { results: outputs, parts: keyed.parts });
    if (inputs.length > 0)
      cache.addCandidate(keyed.opKey, {
        inputs: inputs.map((result, index) => candidateInput(keyed, result, index)),
        results: outputs,
      });
    return outputs;
  };

  const sameBefore = (vertex: Vertex, { opKey, live }: Keyed, inputs: readonly R[]): Promise<readonly R[] | undefined> =>
    resultsOfSameContent(cache.candidates(opKey), inputs, {
      live,
      isWhole: runner.isWhole,
      contentNow: (index, input) => reporting(vertex, () => runner.contentKey(vertex, index, input, context)),
      contentThen: (index, input) => runner.contentKey(vertex, index, input, context),
      signal,
    });

  const candidateInput = (keyed: Keyed, result: R, index: number): CandidateInput<R> => {
    const taken = keyed.live.get(index);
    return taken === undefined ? { kind: 'result', result } : { kind: 'live', taken };
  };

  const lookUp = (digest: Digest): CacheRecord<R> | undefined => {
    const record = cache.read(digest);
    return record?.results.every((result) => runner.isWhole(result)) ? record : undefined;
  };

  const finishCached = (vertex: Vertex, cached: readonly R[], by: CachedBy): readonly R[] => {
    noteImplied(vertex);
    noteCached(vertex, by);
    return cached;
  };

  const noteCached = ({ digest, inputs }: Vertex, by: CachedBy): void => {
    if (outcomes.has(digest)) return;
    const atMs = now();
    outcomes.set(digest, { by, startedAtMs: atMs, endedAtMs: atMs });
    emit({ kind: 'step-cached', step: digest, name: options.nameOf(digest), ...inputsOf(inputs), by, atMs });
  };

  /** What a cached result was made of is cached too, though nobody had to look. Each vertex is visited once in all. */
  const noteImplied = (vertex: Vertex): void => {
    const stack = vertex.inputs.map((edge) => ({ digest: edge.vertex, left: false }));
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const below = vertexOf(top.digest);
      if (top.left) noteCached(below, 'definition');
      if (top.left || implied.has(top.digest) || outcomes.has(top.digest) || results.has(top.digest)) continue;
      implied.add(top.digest);
      if (!liveSources.has(top.digest)) stack.push({ digest: top.digest, left: true });
      for (const edge of below.inputs) stack.push({ digest: edge.vertex, left: false });
    }
  };

  /** What the cache answered counts as an earlier build of its steps too: the next miss is held against it. */
  const rememberCached = async (): Promise<void> => {
    const { memory } = options;
    if (memory === undefined) return;
    for (const [digest, { by }] of outcomes) {
      if (by === 'run' || remembered.has(digest)) continue;
      remembered.add(digest);
      const { definition, parts } = (await keys.get(digest)) ?? {};
      if (definition === undefined || parts === undefined || isLatest(definition, memory.latest(digest))) continue;
      const results = lookUp(definition)?.results ?? [];
      const inputNames = vertexOf(digest).inputs.map((edge) => options.nameOf(edge.vertex));
      memory.remember(digest, { name: options.nameOf(digest), parts, inputNames, results });
    }
  };

  const earlierResults = (vertex: Vertex): readonly (readonly R[])[] =>
    options.ignoreCache(vertex) ? [] : cache.candidates(keyOf('op', runner.opKey(vertex))).map(({ results: given }) => given);

  const runNow = async (vertex: Vertex, inputs: readonly R[], explaining?: Explaining<R>): Promise<readonly R[]> => {
    signal.throwIfAborted();
    const startedAtMs = now();
    const step = vertex.digest;
    emit({ kind: 'step-started', step, name: options.nameOf(step), ...inputsOf(vertex.inputs), atMs: startedAtMs });
    explaining?.begins();
    const outputs = await reporting(
      vertex,
      () => runner.run(vertex, inputs, { ...context, earlier: () => earlierResults(vertex) }),
      explaining ?? {},
    );
    outcomes.set(step, { by: 'run', startedAtMs, endedAtMs: now() });
    explaining?.made(outputs);
    emit({ kind: 'step-done', step, atMs: now() });
    return outputs;
  };

  /** Tell of a failure of `vertex` where it happens: it may be in looking at what the vertex would take, before it starts. */
  const reporting = async <T>(vertex: Vertex, work: () => Promise<T>, started?: { failed?(): void }): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      const step = vertex.digest;
      const isStarted = started !== undefined;
      started?.failed?.();
      if (signal.aborted) {
        if (isStarted) emit({ kind: 'step-cancelled', step, atMs: now() });
      } else {
        if (!isStarted) emit({ kind: 'step-started', step, name: options.nameOf(step), ...inputsOf(vertex.inputs), atMs: now() });
        emit({ kind: 'step-failed', step, error, atMs: now() });
      }
      throw fail(error);
    }
  };

  return {
    outcomes,
    async solve(edge) {
      try {
        const result = await settle(edge);
        await rememberCached();
        return result;
      } catch (thrown) {
        fail(thrown);
        await Promise.allSettled([...results.values(), ...keys.values()]);
        throw stop.signal.reason;
      }
    },
    async taken() {
      const found = new Map<Digest, Digest>();
      for (const [vertex, keyed] of keys) {
        const parts = [...(await keyed).live].map(([index, value]) => ({ name: `input ${index}`, value }));
        if (parts.length > 0) found.set(vertex, keyOf('content', parts));
      }
      return found;
    },
    async peek(edge) {
      const settled = results.get(edge.vertex);
      if (settled !== undefined) return (await settled)[edge.output];
      const keyed = await keys.get(edge.vertex);
      return keyed?.definition === undefined || keyed.isStale ? undefined : lookUp(keyed.definition)?.results[edge.output];
    },
  };
}

function inputsOf(edges: readonly Edge[]): { readonly inputs?: readonly Digest[] } {
  return edges.length === 0 ? {} : { inputs: [...new Set(edges.map(({ vertex }) => vertex))] };
}

function isLatest<R>(definition: Digest, latest: RememberedKey<R> | undefined): boolean {
  return latest !== undefined && keyOf('definition', latest.parts) === definition;
}

function abortReason(signal: AbortSignal): SlipwayError {
  return signal.reason instanceof SlipwayError ? signal.reason : cancelled(signal.reason);
}
