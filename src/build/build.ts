import { randomBytes } from 'node:crypto';
import { Scope, settleAll, SlipwayError, toSlipwayError } from '../base/index.ts';
import { type EngineJob, type EngineSettings, engineSettings, openEngine } from '../engine/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import type { Vertex } from '../graph/index.ts';
import { type Digest, parseReference } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import { tellChecks } from './build-checks.ts';
import { checkOutputs } from './check-outputs.ts';
import { compileBuild } from './compile-build.ts';
import { findContexts } from './contexts.ts';
import { findDevices } from './devices.ts';
import { type EarlyBlobs, startEarlyBlobs } from './early-blobs.ts';
import { readGrants } from './entitlements.ts';
import { platformOf } from './host-platform.ts';
import { keepGraph, type KeptFacts } from './kept-graph.ts';
import { KnownImages } from './known-images.ts';
import { checkLimits } from './limits.ts';
import { loadInput } from './load-input.ts';
import type { BuildOptions, BuildResult, Output, TargetResult } from './options.ts';
import { writeOutputs } from './outputs.ts';
import { reportStages, sizeOf } from './report-stages.ts';
import { openAgents } from './ssh-agents.ts';
import { modesOf, networkOf, startJob } from './start-job.ts';
import { planTargets } from './targets.ts';
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
    main: mainContext ?? context,
    ignoreFile: loaded.ignoreFile,
    buildArgs: options.buildArgs,
    named: options.contexts ?? {},
    platform,
    engine,
    pull: options.pull ?? false,
    signal,
  });
  const images = new KnownImages(platform);
  const prepared = { contexts, platform, engine, sshAgent, emit, signal };
  const compiled = await compileBuild(options, plan, { ...prepared, images, grants, file: loaded.file });
  const devicesOf = await findDevices(compiled, grants, options.engine?.deviceDirectories);
  tellChecks({ options, targets: plan.wanted, loaded, ignorePatterns: contexts.ignorePatterns, platform, images, emit });
  if (compiled.skippedStages.length > 0) emit({ kind: 'stages-skipped', stages: compiled.skippedStages, atMs: Date.now() });
  note(
    keepGraph(engine.store, compiled, {
      directories: contexts.directories,
      contextModes: modesOf(options),
      network: networkOf(options),
      deviceAliases: grants.aliases,
    }),
  );
  const failed: { vertex?: Vertex | undefined } = {};
  let early: EarlyBlobs | undefined;
  const noteStep: EmitEvent = (event) => {
    early?.note(event);
    if (event.kind === 'step-failed') failed.vertex ??= compiled.graph.vertices.get(event.step as Digest);
    emit(event);
  };
  const job = scope.use(startJob(options, { ...prepared, compiled, devicesOf, emit: noteStep }));
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

async function solve(job: EngineJob, { result }: CompiledTarget): Promise<OpResult> {
  if (result === undefined) return { kind: 'snapshot', layers: [] };
  const solved = await job.solve(result);
  if (solved.kind === 'live')
    throw new SlipwayError('BUILD_INTERNAL', 'a context cannot be the result of a build', { class: 'internal' });
  return solved;
}
