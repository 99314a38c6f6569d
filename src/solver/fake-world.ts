import { Semaphore } from '../base/index.ts';
import { type Edge, type Graph, type Op, plainExec, type Vertex } from '../graph/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import type { BuildEvent } from './events.ts';
import type { CacheRecord, Candidate, OpRunner, ResultCache } from './ports.ts';
import { type Job, type SolveOptions, startJob } from './solve.ts';

// A world for tests of the solver: ops that only compute texts, and a cache in memory.

/** What an op gave: its content, and a number that no other run has. */
export interface FakeResult {
  readonly content: string;
  readonly serial: number;
}

/** What a vertex of a test does. The content is made of its own name and what it takes from its inputs. */
export interface FakeVertex {
  readonly name: string;
  readonly kind: 'image' | 'live' | 'heavy' | 'light';
  readonly inputs?: readonly string[];
  /** Gives this, whatever it takes. */
  readonly always?: string;
  /** Another name for the same op: it is in the vertex, and in no key. */
  readonly sameOpAs?: string;
  readonly fails?: boolean;
}

/** Lets a test decide when a piece of work goes on. */
export type Pause = (what: string, signal: AbortSignal) => Promise<void>;

export class FakeWorld {
  /** What sources hold now, by name; a source that isn't listed holds its name. */
  readonly sources: Map<string, string> = new Map();
  /** `run a`, `source a`, `live a 0`, `content a 0`, in the order in which they began. */
  readonly calls: string[] = [];
  readonly events: BuildEvent[] = [];
  /** Work that began and did not end. */
  underWay = 0;
  openLocks = 0;
  readonly #vertices: ReadonlyMap<string, FakeVertex>;
  readonly #pause: Pause;
  readonly #records = new Map<Digest, string>();
  readonly #candidates = new Map<Digest, string[]>();
  readonly #held = new Map<Digest, Promise<void>>();
  #serial = 0;
  #lostUpTo = 0;

  constructor(vertices: readonly FakeVertex[], pause: Pause = async () => {}) {
    this.#vertices = new Map(vertices.map((vertex) => [vertex.name, vertex]));
    this.#pause = pause;
  }

  get ran(): string[] {
    return this.calls.filter((call) => call.startsWith('run ')).map((call) => call.slice(4));
  }

  graph(): Graph {
    const vertices = new Map<Digest, Vertex>();
    for (const fake of this.#vertices.values()) {
      const digest = digestOf(fake.name);
      const inputs = (fake.inputs ?? []).map((name) => ({ vertex: digestOf(name), output: 0 }));
      vertices.set(digest, { digest, op: opOf(fake), inputs });
    }
    return { vertices };
  }

  edge(name: string): Edge {
    return { vertex: digestOf(name), output: 0 };
  }

  /** What a solve has to give, found by the plainest way: vertices are listed after their inputs. */
  expected(name: string): string {
    const known = new Map<string, string>();
    for (const fake of this.#vertices.values()) {
      const inputs = (fake.inputs ?? []).map((input) => known.get(input) ?? '');
      known.set(fake.name, this.#make(fake, inputs));
    }
    return known.get(name) ?? '';
  }

  job(options: Partial<SolveOptions<FakeResult>> = {}): Job<FakeResult> {
    return startJob(this.graph(), {
      runner: this.runner,
      cache: this.cache,
      slots: new Semaphore(2),
      signal: new AbortController().signal,
      emit: (event) => void this.events.push(event),
      nameOf: (digest) => this.#nameOf(digest),
      ignoreCache: () => false,
      now: () => this.events.length,
      ...options,
    });
  }

  /** From now on nobody can look into what was made so far. */
  loseContents(): void {
    this.#lostUpTo = this.#serial;
  }

  /** Solve `names` in a job of their own; the contents. */
  async solve(names: readonly string[], options: Partial<SolveOptions<FakeResult>> = {}): Promise<string[]> {
    const job = this.job(options);
    const results = await Promise.all(names.map((name) => job.solve(this.edge(name))));
    return results.map(({ content }) => content);
  }

  readonly runner: OpRunner<FakeResult> = {
    opKey: (vertex) => {
      const fake = this.#of(vertex);
      return [{ name: 'op', value: fake.sameOpAs ?? fake.name }];
    },
    sourceKey: (vertex, { signal }) =>
      this.#work(`source ${this.#of(vertex).name}`, signal, () => {
        const { name, kind } = this.#of(vertex);
        return kind === 'live' ? undefined : digestOf(this.#holds(name));
      }),
    liveInputKey: (vertex, input, source, { signal }) =>
      this.#work(`live ${this.#of(vertex).name} ${input}`, signal, () => digestOf(source.content)),
    contentKey: (vertex, input, result, { signal }) =>
      this.#work(`content ${this.#of(vertex).name} ${input}`, signal, () => {
        if (result.serial <= this.#lostUpTo) throw new Error('its layer is gone');
        return digestOf(result.content);
      }),
    run: (vertex, inputs, { signal }) => {
      const fake = this.#of(vertex);
      return this.#work(`run ${fake.name}`, signal, () => {
        if (fake.fails === true) throw new Error(`${fake.name} fails`);
        const content = this.#make(
          fake,
          inputs.map((input) => input.content),
        );
        return [{ content, serial: ++this.#serial }];
      });
    },
    isHeavy: (vertex) => this.#of(vertex).kind === 'heavy',
    isWhole: () => true,
  };

  readonly cache: ResultCache<FakeResult> = {
    read: (key) => {
      const text = this.#records.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as CacheRecord<FakeResult>);
    },
    write: (key, record) => void this.#records.set(key, JSON.stringify(record)),
    candidates: (opKey) => (this.#candidates.get(opKey) ?? []).map((text) => JSON.parse(text) as Candidate<FakeResult>),
    addCandidate: (opKey, candidate) => {
      this.#candidates.set(opKey, [JSON.stringify(candidate), ...(this.#candidates.get(opKey) ?? [])]);
    },
    hold: async (key, signal) => {
      await this.#pause('hold', signal);
      for (let before = this.#held.get(key); before !== undefined; before = this.#held.get(key)) await before;
      signal.throwIfAborted();
      let release = (): void => {};
      this.#held.set(key, new Promise((resolve) => (release = resolve)));
      this.openLocks += 1;
      return {
        [Symbol.dispose]: () => {
          this.openLocks -= 1;
          this.#held.delete(key);
          release();
        },
      };
    },
  };

  async #work<T>(what: string, signal: AbortSignal, work: () => T): Promise<T> {
    this.calls.push(what);
    this.underWay += 1;
    try {
      await this.#pause(what, signal);
      signal.throwIfAborted();
      return work();
    } finally {
      this.underWay -= 1;
    }
  }

  #make(fake: FakeVertex, inputs: readonly string[]): string {
    if (fake.kind === 'image' || fake.kind === 'live') return this.#holds(fake.name);
    return fake.always ?? digestOf(`${fake.sameOpAs ?? fake.name}(${inputs.join(', ')})`).slice(7, 23);
  }

  #holds(source: string): string {
    return this.sources.get(source) ?? source;
  }

  #vertex(name: string): FakeVertex {
    const found = this.#vertices.get(name);
    if (found === undefined) throw new Error(`no vertex ${name}`);
    return found;
  }

  #of({ op }: Vertex): FakeVertex {
    return this.#vertex(op.kind === 'source' ? op.identifier.replace(/^.*:\/\//, '') : op.kind === 'exec' ? op.hostname : '');
  }

  #nameOf(digest: Digest): string {
    for (const name of this.#vertices.keys()) if (digestOf(name) === digest) return name;
    return digest;
  }
}

function opOf({ name, kind }: FakeVertex): Op {
  if (kind === 'image') return { kind: 'source', identifier: `docker-image://${name}`, attrs: {} };
  if (kind === 'live') return { kind: 'source', identifier: `local://${name}`, attrs: {} };
  return { ...plainExec, network: 'none', hostname: name };
}
