import { hostPath, SlipwayError } from '../base/index.ts';
import type { EngineJob, StepPlace } from '../engine/index.ts';
import { type CompiledTargets, redactUrls } from '../frontend/index.ts';
import type { Vertex } from '../graph/index.ts';
import type { Digest, Platform } from '../oci/index.ts';
import { type EmitEvent, StepError } from '../solver/index.ts';
import type { Prepared } from './compile-build.ts';
import type { BuildContexts } from './contexts.ts';
import type { DevicesOf } from './devices.ts';
import type { BuildOptions } from './options.ts';
import { secretReader } from './secrets.ts';

interface JobRequest extends Pick<Prepared, 'contexts' | 'platform' | 'engine' | 'sshAgent' | 'emit' | 'signal'> {
  readonly compiled: CompiledTargets;
  readonly devicesOf: DevicesOf;
}

/** Begin to solve what was compiled; nothing runs before it is asked for. @throws {SlipwayError} `BUILD_BAD_OPTION` */
export function startJob(
  options: BuildOptions,
  { compiled, contexts, platform, engine, devicesOf, sshAgent, emit, signal }: JobRequest,
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

/** Where the modes of a context's files are taken from, if not from the disk. */
export function modesOf({ contextModes }: BuildOptions): 'git' | undefined {
  return contextModes === 'git' ? 'git' : undefined;
}

/** The network that is meant where a step asks for none of its own. */
export function networkOf({ network }: BuildOptions): 'host' | 'none' {
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
