import { randomBytes } from 'node:crypto';
import { hostPath, Scope, settleAll, SlipwayError, toSlipwayError } from '../base/index.ts';
import { type Engine, type EngineJob, type EngineSettings, engineSettings, openEngine, type StepPlace } from '../engine/index.ts';
import { type CompiledTarget, type CompiledTargets, compileTargets, redactUrls } from '../frontend/index.ts';
import type { Vertex } from '../graph/index.ts';
import { type Digest, parseReference, type Platform } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import { type EmitEvent, StepError } from '../solver/index.ts';
import { hostPlatform, platformOf } from './host-platform.ts';
import { tellChecks } from './build-checks.ts';
import { checkOutputs } from './check-outputs.ts';
import { type BuildContexts, findContexts } from './contexts.ts';
import { type DevicesOf, findDevices } from './devices.ts';
import { type Grants, readGrants } from './entitlements.ts';
import { checkLimits } from './limits.ts';
import type { LoadedDockerfile } from './load-dockerfile.ts';
import { loadInput } from './load-input.ts';
import type { BuildOptions, BuildResult, Output, TargetResult } from './options.ts';
import { type EarlyBlobs, startEarlyBlobs } from './early-blobs.ts';
import { keepGraph, type KeptFacts } from './kept-graph.ts';
import { KnownImages } from './known-images.ts';
import { writeOutputs } from './outputs.ts';
import { reportStages, sizeOf } from './report-stages.ts';
import { type AgentOf, openAgents } from './ssh-agents.ts';
import { secretReader } from './secrets.ts';
import { timeOfContext } from './source-time.ts';
import { planTargets, type TargetPlan } from './targets.ts';
import { tellAge } from './tell-age.ts';
import { cancellable } from './with-engine.ts';

/**
 * Build a Dockerfile. Resolves when every output is written; what happens meanwhile is told through `onEvent`.
 *
 * @throws {DockerfileError} mistakes in the Dockerfile, all of them. @throws {StepError} a RUN failed: exit code, last lines, place.
 * @throws {SlipwayError} anything else; `class` says who has to act.
 */
export async function build(options: BuildOptions = {}, note: NoteFacts = ignore): Promise<BuildResult> {
  const signal = options.signal ?? new AbortController().signal;
  return await cancellable(signal, async () => {
    try {
      return await buildUntil(options, note, signal);
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      if (error.class !== 'internal' || signal.aborted || writesToStdout(options)) throw thrown;
      const { repairAfter } = await import('./repair.ts');
      if (!(await repairAfter(error, options, signal))) throw thrown;
      return await buildUntil(options, note, signal);
    }
  });
}

/** What a stream has got cannot be taken back. */
function writesToStdout({ outputs = [] }: BuildOptions): boolean {
  return outputs.some((output) => 'dest' in output && output.dest === '-');
}

/** Told what the history keeps beside the result. */
type NoteFacts = (facts: KeptFacts) => void;

async function buildUntil(options: BuildOptions, note: NoteFacts, signal: AbortSignal): Promise<BuildResult> {
  const startedAtMs = Date.now();
  await using scope = new Scope();
  const emit: EmitEvent = options.onEvent ?? ignore;
  const plan = planTargets(options);
  const context = options.context ?? '.';
  const outputs = plan.outputs.map(({ output }) => output);
  checkOutputs(outputs, { context, stdout: options.stdout });
  const grants = readGrants(options);
  checkLimits(options.limits);
  const sshAgent = await openAgents(options.ssh ?? {});
  const engine = scope.use(await openEngine(settingsFor(options, outputs)));
  const { loaded, mainContext } = await loadInput(options, { options, engine, sshAgent, emit, signal });
  if (engine.isOffline && options.pull === true) {
    throw new SlipwayError('BUILD_BAD_OPTION', '--pull and --offline cannot be used together', {
      hint: 'leave out `--pull`: tags are what they were last known to be',
    });
  }
  const platform = platformOf(options.platform);
  const contexts = findContexts({
    main: mainContext ?? options.context ?? '.',
    ignoreFile: loaded.ignoreFile,
    buildArgs: options.buildArgs,
    named: options.contexts ?? {},
    platform,
    engine,
    pull: options.pull ?? false,
    signal,
  });
  const images = new KnownImages(platform);
  const compiled = await compileFor(options, plan, {
    loaded,
    contexts,
    platform,
    engine,
    images,
    grants,
    sshAgent,
    emit,
    signal,
  });
  const devicesOf = await findDevices(compiled, grants, options.engine?.deviceDirectories);
  tellChecks({ options, targets: plan.wanted, loaded, ignorePatterns: contexts.ignorePatterns, platform, images, emit });
  if (compiled.skippedStages.length > 0) emit({ kind: 'stages-skipped', stages: compiled.skippedStages, atMs: Date.now() });
  const kept = keepGraph(engine.store, compiled, {
    directories: contexts.directories,
    contextModes: modesOf(options),
    network: networkOf(options),
  });
  if (kept !== undefined) note({ graph: kept });
  const failed: { vertex?: Vertex | undefined } = {};
  let early: EarlyBlobs | undefined;
  const noteStep: EmitEvent = (event) => {
    early?.note(event);
    if (event.kind === 'step-failed') failed.vertex ??= compiled.graph.vertices.get(event.step as Digest);
    emit(event);
  };
  const job = scope.use(startJob(options, { compiled, contexts, platform, engine, devicesOf, sshAgent, emit: noteStep, signal }));
  early = scope.use(startEarlyBlobs(plan.outputs, compiled.targets, { engine, job, signal }));
  const solved = await settleAll(compiled.targets, (target) => solve(job, target)).catch(async (thrown: unknown) => {
    const { onFail = [] } = options;
    if (onFail.length > 0 && failed.vertex !== undefined && !signal.aborted) {
      const { exportFailed } = await import('./on-fail.ts');
      await exportFailed(onFail, { vertex: failed.vertex, engine, job, emit, signal });
    }
    throw thrown;
  });
  const taken = await job.taken();
  if (taken.size > 0) note({ taken: Object.fromEntries(taken) });
  const results = compiled.targets
    .slice(0, plan.wanted.length)
    .map((target, index) => ({ target, solved: solved[index] as OpResult }));
  const written = await writeOutputs(plan.outputs, results, { engine, job, early, stdout: options.stdout, emit, signal });
  const targets = results.map(
    (result, index): TargetResult => ({
      stage: result.target.stage,
      ...(written[index] as (typeof written)[number]),
      imageSizeBytes: sizeOf(result.solved, engine.store),
    }),
  );
  const { stage: _, ...first } = targets[0] as TargetResult;
  return {
    id: randomBytes(10).toString('hex'),
    ...first,
    names: targets.flatMap(({ names }) => names),
    targets,
    ...(await reportStages({ job, compiled, wanted: targets.map(({ stage }) => stage), store: engine.store })),
    skippedStages: compiled.skippedStages.map(({ name }) => name),
    durationMs: Date.now() - startedAtMs,
  };
}

const ignore = (told: unknown): void => void told;

/** An output may vouch for the registries it is pushed to. */
function settingsFor({ engine = {} }: BuildOptions, outputs: readonly Output[]): EngineSettings {
  const hosts = outputs.flatMap((output) =>
    output.type === 'image' && output.insecureRegistry === true
      ? (output.names ?? []).map((name) => parseReference(name).host)
      : [],
  );
  const settings = engineSettings(engine, process.env);
  return { ...settings, insecureRegistries: [...settings.insecureRegistries, ...hosts] };
}

interface Prepared {
  readonly loaded: LoadedDockerfile;
  readonly contexts: BuildContexts;
  readonly platform: Platform;
  readonly engine: Engine;
  readonly images: KnownImages;
  readonly grants: Grants;
  readonly sshAgent: AgentOf;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

async function compileFor(
  options: BuildOptions,
  { wanted, required }: TargetPlan,
  { loaded, contexts, platform, engine, images, grants, sshAgent, emit, signal }: Prepared,
): Promise<CompiledTargets> {
  const pull = options.pull ?? false;
  return await compileTargets(
    loaded.file,
    [...wanted, ...required],
    {
      buildArgs: options.buildArgs ?? {},
      labels: options.labels ?? {},
      targetPlatform: platform,
      buildPlatform: hostPlatform(),
      contexts: contexts.named,
      ignorePatterns: contexts.ignorePatterns,
      mainContext: contexts.main,
      network: options.network ?? 'default',
      extraHosts: options.extraHosts,
      ulimits: options.ulimits,
      shmSizeBytes: options.shmSizeBytes,
      needsEpoch: options.reproducible,
      noCache: options.noCache ?? false,
      cgroupParent: options.cgroupParent,
      entitlements: grants.rights,
    },
    {
      async resolveImage(reference, wanted, at) {
        const id = `internal:metadata ${reference}` as const;
        emit({ kind: 'step-started', step: id, name: `[internal] load metadata for ${reference}`, atMs: Date.now() });
        try {
          const image = await engine.images.resolve(reference, wanted, { signal, pull });
          images.note(reference, wanted, image);
          tellAge({ id, reference, image, offline: engine.isOffline, emit });
          emit({ kind: 'step-done', step: id, atMs: Date.now() });
          return image;
        } catch (thrown) {
          const error = toSlipwayError(thrown);
          error.at ??= at;
          emit({ kind: 'step-failed', step: id, error, atMs: Date.now() });
          throw error;
        }
      },
      contextTime: (name) =>
        timeOfContext(
          contexts,
          name,
          (message) => {
            // A build that has to be reproducible takes 0 then.
            if (options.reproducible !== true) emit({ kind: 'warning', message, atMs: Date.now() });
          },
          (op) => engine.committedAt(op, { secret: secretReader(options.secrets ?? {}, process.env), sshAgent, signal }),
        ),
    },
    signal,
  );
}

function startJob(
  options: BuildOptions,
  {
    compiled,
    contexts,
    platform,
    engine,
    devicesOf,
    sshAgent,
    emit,
    signal,
  }: Omit<Prepared, 'loaded' | 'images' | 'grants'> & {
    readonly compiled: CompiledTargets;
    readonly devicesOf: DevicesOf;
    readonly sshAgent: AgentOf;
  },
): EngineJob {
  return engine.solve(compiled.graph, {
    directories: new Map([...contexts.directories].map(([name, path]) => [name, hostPath(path)])),
    contextModes: modesOf(options),
    nameOf: (vertex) => compiled.names.get(vertex) ?? vertex,
    ignoreCache: ignoreCacheFor(compiled, options),
    placeOf: placesIn(compiled, contexts, options, platform),
    secret: secretReader(options.secrets ?? {}, process.env),
    sshAgent,
    network: networkOf(options),
    devicesOf,
    limits: options.limits,
    jobs: options.jobs,
    signal,
    emit: locate(compiled, emit),
  });
}

function modesOf({ contextModes }: BuildOptions): 'git' | undefined {
  return contextModes === 'git' ? 'git' : undefined;
}

function networkOf({ network }: BuildOptions): 'host' | 'none' {
  return network === 'none' ? 'none' : 'host';
}

/** Say in each failure which instruction it belongs to. */
function locate(compiled: CompiledTargets, emit: EmitEvent): EmitEvent {
  return (event) => {
    if (event.kind === 'step-failed') {
      const { error } = event;
      const vertex = event.step as Parameters<typeof compiled.locations.get>[0];
      error.at ??= compiled.locations.get(vertex)?.[0];
      if (error instanceof StepError) error.step ??= compiled.names.get(vertex);
    }
    emit(event);
  };
}

async function solve(job: EngineJob, { result }: CompiledTarget): Promise<OpResult> {
  if (result === undefined) return { kind: 'snapshot', layers: [] };
  const solved = await job.solve(result);
  if (solved.kind === 'live')
    throw new SlipwayError('BUILD_INTERNAL', 'a context cannot be the result of a build', { class: 'internal' });
  return solved;
}

/** What has to run again although the cache may know it. @throws {SlipwayError} `BUILD_BAD_OPTION` */
function ignoreCacheFor(
  compiled: CompiledTargets,
  { noCache = false, noCacheFilter = [] }: BuildOptions,
): (vertex: Vertex) => boolean {
  if (noCache && noCacheFilter.length > 0) {
    throw new SlipwayError('BUILD_BAD_OPTION', '--no-cache and --no-cache-filter cannot currently be used together', {
      hint: '`--no-cache` alone covers every stage',
    });
  }
  const stages = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return ({ digest, op }) => {
    if (compiled.ignoreCache.has(digest)) return true;
    return (op.kind === 'exec' || op.kind === 'file') && stages.has(compiled.stageOf.get(digest) ?? '');
  };
}

/** Where in which Dockerfile a vertex was written. */
function placesIn(
  compiled: CompiledTargets,
  contexts: BuildContexts,
  options: BuildOptions,
  platform: Platform,
): (vertex: Digest) => StepPlace | undefined {
  const folder = contexts.directories.get('context') ?? redactUrls(options.context ?? '');
  const file = [folder, options.file ?? 'Dockerfile', platform.architecture];
  const places = new Map<Digest, StepPlace>();
  for (const { displayName, vertices } of compiled.stages) {
    const stage = JSON.stringify([...file, displayName]);
    const names = vertices.map((vertex) => compiled.names.get(vertex) ?? '');
    for (const [position, vertex] of vertices.entries()) if (!places.has(vertex)) places.set(vertex, { stage, position, names });
  }
  return (vertex) => places.get(vertex);
}
