import { linkSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Engine, EngineJob } from '../../engine/index.ts';
import { exportImage } from '../../exporter/index.ts';
import type { Edge } from '../../graph/index.ts';
import { type Digest, isDigest, parseImageConfig, parseManifest } from '../../oci/index.ts';
import type { EmitEvent } from '../../solver/index.ts';
import { createIngest, type Store } from '../../store/index.ts';
import { inDirectory } from '../archive-files.ts';
import { listBuilds } from '../history/history.ts';
import type { BuildRecord } from '../history/build-record.ts';
import { hostPlatform } from '../host-platform.ts';
import { type KeptGraph, keptGraph, nameOfVertex } from '../kept-graph.ts';
import type { EngineOptions, Secret, TargetResult } from '../options.ts';
import { solveKept } from '../solve-kept.ts';
import { openAgents } from '../ssh-agents.ts';
import { withEngine } from '../with-engine.ts';
import { compareLayers, type ImageAt, type ImageDifference } from './compare-images.ts';
import { type ImageDocuments, readDocuments } from './read-image.ts';

export interface RebuildOptions {
  /** What the steps' mounts name. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly ssh?: Readonly<Record<string, string | readonly string[]>>;
  readonly engine?: EngineOptions;
  readonly onEvent?: EmitEvent;
}

/** An image's layers made once more by the build it came from. */
export type ImageRebuild =
  | {
      readonly kind: 'rebuilt';
      /** Its ID in the history. */
      readonly build: string;
      /** Steps that took something else from their context than they did then. */
      readonly changedSteps: readonly string[];
      /** `first` is the image's, `second` what it is now. */
      readonly differences: readonly ImageDifference[];
    }
  | { readonly kind: 'not-rebuilt'; readonly why: string };

/**
 * Do what the history knows of the build that made `image`, with nothing in the cache, and hold its layers against the image's. The config
 * is not made again. Base images are those of then, contexts are what lies there now.
 */
export async function rebuildImage(
  engine: Engine,
  image: ImageAt,
  options: RebuildOptions,
  signal: AbortSignal,
): Promise<ImageRebuild> {
  const documents = readDocuments(image.files, image.descriptor);
  if (documents === undefined) return notRebuilt('it is no image of one platform');
  const made = findBuild(documents.manifest.config.digest, { ...options.engine, root: engine.store.paths.root });
  if (made === undefined) return notRebuilt('the history has no build that gave it');
  const { record, target, result } = made;
  if (record.namesPassword === true)
    return notRebuilt(`what build \`${record.id}\` did is not kept: it names a URL with a password`);
  const graph = record.graph === undefined ? undefined : keptGraph(engine.store, record.graph);
  if (graph === undefined) return notRebuilt(`what build \`${record.id}\` did is not kept any more`);
  const obstacle = obstacleTo(graph);
  if (obstacle !== undefined) return notRebuilt(obstacle);
  const sshAgent = await openAgents(options.ssh ?? {});
  using place = createIngest(engine.store.paths);
  return await withEngine({ signal, engine: { ...options.engine, root: resolve(place.child('store')) } }, async (cold) => {
    const bases = await bringBases(graph, engine.store, cold, signal);
    const emit = options.onEvent ?? (() => undefined);
    using job = solveKept(cold, graph, { secrets: options.secrets, sshAgent, signal, emit });
    const again = await exportAgain(cold, { edge: graph.results[target], job, documents, bases, result }, signal);
    const taken = await job.taken();
    const changedSteps = [...taken].flatMap(([vertex, digest]) =>
      record.taken?.[vertex] === digest ? [] : nameOfVertex(graph, vertex),
    );
    const differences = await compareLayers(image, again, signal);
    return {
      kind: 'rebuilt',
      build: record.id,
      changedSteps: [...new Set(changedSteps)],
      differences: changedSteps.length === 0 ? differences : differences.map(withoutBlame),
    };
  });
}

/** Where a context has changed, that is why files are not the same. */
function withoutBlame(difference: ImageDifference): ImageDifference {
  if (difference.what !== 'content' && difference.what !== 'size' && difference.what !== 'missing') return difference;
  const { hint: _, ...others } = difference;
  return others;
}

function notRebuilt(why: string): ImageRebuild {
  return { kind: 'not-rebuilt', why };
}

interface Made {
  readonly record: BuildRecord;
  /** Its place among the targets. */
  readonly target: number;
  readonly result: TargetResult;
}

/** The latest build that gave the image with this config. */
function findBuild(config: Digest, engine: EngineOptions): Made | undefined {
  for (const record of listBuilds({ engine })) {
    const targets = record.result?.targets ?? [];
    const target = targets.findIndex(({ imageId }) => imageId === config);
    const result = targets[target];
    if (result !== undefined) return { record, target, result };
  }
  return undefined;
}

/** What stands in the way of doing it again. */
function obstacleTo({ graph, directories }: KeptGraph): string | undefined {
  const gone = [...graph.vertices.values()].flatMap(({ op }) => {
    const path = op.kind === 'source' ? directories.get(op.identifier.replace(/^local:\/\//, '')) : undefined;
    return path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? [] : path;
  })[0];
  if (gone !== undefined) return `the context \`${gone}\` is not there any more`;
  const wantsDevices = [...graph.vertices.values()].some(({ op }) => op.kind === 'exec' && op.devices.length > 0);
  return wantsDevices ? 'its steps want devices of this machine' : undefined;
}

/** Give the cold store the images that the build begins with. @returns the diff IDs of each */
async function bringBases(
  { graph }: KeptGraph,
  from: Store,
  { store, images }: Engine,
  signal: AbortSignal,
): Promise<readonly (readonly Digest[])[]> {
  const found: (readonly Digest[])[] = [];
  for (const { op, platform = hostPlatform() } of graph.vertices.values()) {
    if (op.kind !== 'source') continue;
    const [, scheme, location = ''] = /^(docker-image|oci-layout):\/\/(.*)$/s.exec(op.identifier) ?? [];
    if (scheme === undefined) continue;
    const digest = location.slice(location.lastIndexOf('@') + 1);
    if (isDigest(digest) && from.blobs.has(digest)) found.push(bringImage(digest, from, store));
    else {
      const resolve = scheme === 'docker-image' ? images.resolve : images.resolveLayout;
      found.push((await resolve(location, platform, { signal })).config.diffIds);
    }
  }
  return found;
}

/** Layers that `from` has not are fetched when they are needed. */
function bringImage(digest: Digest, from: Store, to: Store): readonly Digest[] {
  const bytes = from.blobs.read(digest);
  const manifest = parseManifest(bytes);
  to.blobs.put(manifest.mediaType, bytes);
  if (manifest.kind !== 'manifest') return [];
  const config = from.blobs.read(manifest.config.digest);
  to.blobs.put(manifest.config.mediaType, config);
  for (const { digest: layer } of manifest.layers) {
    if (from.blobs.has(layer) && !to.blobs.has(layer)) linkSync(from.blobs.path(layer), to.blobs.path(layer));
  }
  return parseImageConfig(config).diffIds;
}

interface Again {
  readonly edge: Edge | undefined;
  readonly job: EngineJob;
  readonly documents: ImageDocuments;
  readonly bases: readonly (readonly Digest[])[];
  readonly result: TargetResult;
}

/** The layers made again, in an image that is the first one otherwise. */
async function exportAgain(
  { store, content, compressors }: Engine,
  { edge, job, documents: { config }, bases, result: { latestFileSec } }: Again,
  signal: AbortSignal,
): Promise<ImageAt> {
  const solved = edge === undefined ? undefined : await job.solve(edge);
  const base = bases
    .filter((diffIds) => diffIds.every((diffId, index) => config.diffIds[index] === diffId))
    .reduce((longest, diffIds) => (diffIds.length > longest.length ? diffIds : longest), []);
  const { descriptor } = await exportImage(
    { layers: solved?.kind === 'snapshot' ? solved.layers : [], base: { ...config, diffIds: base }, history: [] },
    { compression: { type: 'uncompressed' }, epochSec: latestFileSec, clampsFiles: latestFileSec !== undefined },
    { store, content, compressors, signal },
  );
  return { files: inDirectory(store.paths.root), descriptor };
}
