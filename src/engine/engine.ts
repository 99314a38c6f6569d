import { availableParallelism } from 'node:os';
import { type HostPath, Scope, Semaphore } from '../base/index.ts';
import type { Compressors } from '../exporter/index.ts';
import type { ExecOp, Graph, SourceOp, Vertex } from '../graph/index.ts';
import type { Tree } from '../layer/index.ts';
import { createZstdThreads } from '../native/index.ts';
import type { Digest } from '../oci/index.ts';
import { createOpRunner, type Entrance, enterStep, gitRequest, type OpResult, readResultFile } from '../ops/index.ts';
import type { RegistryClient } from '../registry/index.ts';
import { type Content, createContent } from '../rootfs/index.ts';
import type { DeviceEdits, ResourceLimits, Sandbox } from '../sandbox/index.ts';
import { type EmitEvent, type Job, startJob } from '../solver/index.ts';
import { createGitSource, createHttpSource, createImageSource, type HttpSource, type ImageSource } from '../source/index.ts';
import type { SshAgent } from '../ssh/index.ts';
import { createLease, openStore, type Store } from '../store/index.ts';
import { findSandbox } from './find-sandbox.ts';
import { recover } from './recover.ts';
import { openDownloader, openRegistryClient } from './registry.ts';
import { createResultCache } from './result-cache.ts';
import type { EngineSettings } from './settings.ts';
import { createStepMemory, type StepPlace } from './step-memory.ts';

/** Steps wait for networks and disks, too: with a job for each of two processors, four of them take twice their time. */
const fewestJobs = 4;

/** The embedded engine: one store, one registry client, one sandbox, opened when first needed. */
export interface Engine extends AsyncDisposable {
  readonly store: Store;
  readonly content: Content;
  readonly images: ImageSource;
  readonly http: HttpSource;
  /** The network is not used for images, layers and downloads. */
  readonly isOffline: boolean;
  readonly compressors: Compressors;
  registry(): Promise<RegistryClient>;
  sandbox(): Promise<Sandbox>;
  solve(graph: Graph, request: SolveRequest): EngineJob;
  /** When the commit of a git source was made, in seconds since 1970. */
  committedAt(op: SourceOp, request: Pick<SolveRequest, 'secret' | 'sshAgent' | 'signal'>): Promise<number>;
}

export interface SolveRequest {
  /** Where each local context lies. */
  readonly directories: ReadonlyMap<string, HostPath>;
  /** Where the modes of their files come from; default: the disk. */
  readonly contextModes?: 'git' | undefined;
  readonly nameOf: (vertex: Digest) => string;
  readonly ignoreCache: (vertex: Vertex) => boolean;
  /** Names the place of a vertex in its Dockerfile, so that later builds can say why the step there ran again. */
  readonly placeOf?: ((vertex: Digest) => StepPlace | undefined) | undefined;
  readonly secret?: ((id: string) => Uint8Array | undefined) | undefined;
  readonly sshAgent?: ((id: string) => SshAgent | undefined) | undefined;
  readonly network: 'host' | 'none';
  readonly devicesOf?: ((devices: ExecOp['devices']) => DeviceEdits | undefined) | undefined;
  readonly limits?: ResourceLimits | undefined;
  /** How many heavy ops at once. */
  readonly jobs?: number | undefined;
  readonly signal: AbortSignal;
  readonly emit: EmitEvent;
}

export interface EngineJob extends Job<OpResult>, Disposable {
  /** The file system that a result shows. */
  treeOf(result: OpResult): Tree;
  /** The first `limitBytes` of a file of what a result shows; `undefined` where it has none. */
  readFile(result: OpResult, path: string, limitBytes: number): Promise<Buffer | undefined>;
  /** Run another process where an exec op would run. Gives its exit code. */
  enter(entrance: Entrance): Promise<number>;
}

/** Open the engine. Dispose of it to close its connections; the store stays. */
export async function openEngine(settings: EngineSettings): Promise<Engine> {
  const store = openStore(settings.root);
  const scope = new Scope();
  scope.use(createLease(store.paths));
  await recover(store);
  const registry = once(async () => scope.use(await openRegistryClient(settings)));
  const sandbox = once(() => findSandbox(store, settings.runtime, scope));
  const content = createContent(store);
  const images = createImageSource({ store, registry, now: Date.now, offline: settings.offline });
  const downloader = once(async () => scope.use(await openDownloader(settings)));
  const git = createGitSource({ store, env: settings.env, offline: settings.offline });
  const http = createHttpSource({ store, downloader, now: Date.now, offline: settings.offline });
  const threads = availableParallelism();
  const zstd = scope.use(createZstdThreads(threads));
  const slotsOf = new Map<number, Semaphore>();
  return {
    store,
    content,
    images,
    http,
    isOffline: settings.offline === true,
    compressors: { zstd: zstd.compress, threads: () => threads },
    registry,
    sandbox,
    async committedAt(op, { secret = () => undefined, sshAgent = () => undefined, signal }) {
      await using inner = new Scope();
      return await git.committedAt(await gitRequest(op, { ports: { secret, sshAgent } }, inner), { signal });
    },
    solve(graph, request) {
      const jobs = request.jobs ?? Math.max(fewestJobs, availableParallelism());
      const slots = slotsOf.get(jobs) ?? new Semaphore(jobs);
      slotsOf.set(jobs, slots);
      const ops = createOpRunner({
        store,
        content,
        images,
        http,
        git,
        directories: request.directories,
        contextModes: request.contextModes,
        sandbox,
        secret: request.secret ?? (() => undefined),
        sshAgent: request.sshAgent ?? (() => undefined),
        network: request.network,
        devicesOf: request.devicesOf ?? (() => undefined),
        limits: request.limits,
        now: Date.now,
      });
      const { signal, emit, nameOf, ignoreCache } = request;
      const job = startJob(graph, {
        runner: ops.runner,
        cache: createResultCache(store),
        slots,
        signal,
        emit,
        nameOf,
        ignoreCache,
        now: Date.now,
        memory: createStepMemory(store, request.placeOf ?? (() => undefined)),
      });
      return {
        ...job,
        enter: async (entrance) => (await enterStep(entrance, ops.state, { signal, emit })).code,
        readFile: (result, path, limitBytes) => readResultFile(result, path, ops.state, { limitBytes, signal }),
        treeOf: (result) => ops.state.treeOf(result.kind === 'snapshot' ? result.layers : []),
        [Symbol.dispose]: () => ops.close(),
      };
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
