import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hostPath, SlipwayError } from '../../base/index.ts';
import { type Engine, engineSettings } from '../../engine/index.ts';
import { type Descriptor, familiarReference, mediaTypes, parseManifest, parseReference } from '../../oci/index.ts';
import { createFileWriter, createIngest, openStore, type StoredImage } from '../../store/index.ts';
import { type ArchiveFiles, badArchive, inDirectory, openArchiveFiles } from '../archive-files.ts';
import { build } from '../build.ts';
import { platformOf } from '../host-platform.ts';
import { findImage } from '../images.ts';
import { loadDockerfile } from '../load-dockerfile.ts';
import type { BuildOptions, ImageAttributes } from '../options.ts';
import { pullInto } from '../pull.ts';
import { isHttpUrl, isRemoteContext } from '../remote-context.ts';
import { cancellable, withEngine } from '../with-engine.ts';
import { checkImage, type ImageProblem } from './check-image.ts';
import { compareImages, type ImageAt, type ImageDifference } from './compare-images.ts';
import { type ImageRebuild, rebuildImage, type RebuildOptions } from './rebuild-image.ts';

export interface VerifyBuildOptions extends Omit<BuildOptions, 'outputs' | 'tags' | 'onFail'> {
  /** How both images are written. */
  readonly image?: Omit<ImageAttributes, 'names'>;
  /** Called between the two builds. */
  readonly between?: Between;
}

/** The place to change what should not matter; what it gives is disposed of after the second build. */
export type Between = () => Disposable | undefined;

export interface BuildVerification {
  readonly isReproducible: boolean;
  /** Manifest digests of both images. */
  readonly digests: readonly [string, string];
  readonly differences: readonly ImageDifference[];
}

/**
 * Build twice, each time in a new store with nothing in its cache, and hold the two images against each other. Images that the store of
 * `options.engine` has under a name are taken from there.
 */
export async function verifyBuild(options: VerifyBuildOptions = {}): Promise<BuildVerification> {
  const { image = {}, between, engine = {}, contextTar, ...request } = options;
  const signal = options.signal ?? new AbortController().signal;
  return await cancellable(signal, async () => {
    const places = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'slipway-verify-')));
    try {
      const [first = '', second = ''] = places;
      const tar = contextTar === undefined ? undefined : await spooled(contextTar, join(first, 'context.tar'), signal);
      const known = contextTar === undefined ? knownImages(options) : {};
      const again = fromAnywhere({ ...request, contexts: { ...known, ...options.contexts } });
      const buildIn = async (place: string, wanted: BuildOptions): Promise<ImageAt> => {
        const dest = join(place, 'image');
        await build({
          ...wanted,
          ...(tar === undefined ? {} : { contextTar: createReadStream(tar) }),
          outputs: [{ type: 'oci', dest, tar: false, ...image, names: [] }],
          engine: { ...engine, root: join(place, 'store') },
        });
        return imageIn(dest);
      };
      const startedAtMs = Date.now();
      const one = await buildIn(first, { ...request, contexts: again.contexts ?? {} });
      // Times in images are whole seconds: the other build has to see another one.
      await pause(Math.max(0, 1000 - (Date.now() - startedAtMs)), undefined, { signal });
      using _changed = between?.();
      const two = await buildIn(second, again);
      const digests = [one.descriptor.digest, two.descriptor.digest] as const;
      const isReproducible = digests[0] === digests[1];
      return { isReproducible, digests, differences: isReproducible ? [] : await compareImages(one, two, signal) };
    } finally {
      for (const place of places) rmSync(place, { recursive: true, force: true });
    }
  });
}

/** The same request with no path that depends on the current directory. */
function fromAnywhere(options: BuildOptions): BuildOptions {
  const { context = '.', file, contexts = {}, secrets = {}, ssh = {} } = options;
  const isLocal = options.contextTar === undefined && !isRemoteContext(context);
  return {
    ...options,
    context: isLocal ? resolve(context) : context,
    ...(file === undefined ? {} : { file: isLocal && !isHttpUrl(file) ? resolve(file) : file }),
    contexts: mapValues(contexts, (place) => {
      const layout = 'oci-layout://';
      if (place.startsWith(layout)) return layout + resolve(place.slice(layout.length));
      return /^[a-z0-9+.-]+:\/\//i.test(place) || isRemoteContext(place) ? place : resolve(place);
    }),
    secrets: mapValues(secrets, (secret) => ('file' in secret ? { ...secret, file: resolve(secret.file) } : secret)),
    ssh: mapValues(ssh, (paths) => [paths].flat().map((path) => resolve(path))),
  };
}

function mapValues<V>(record: Readonly<Record<string, V>>, work: (value: V) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, work(value)]));
}

/** Keep an archive that can be read once only. */
async function spooled(tar: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal): Promise<string> {
  using writer = createFileWriter(hostPath(path));
  for await (const chunk of tar) {
    signal.throwIfAborted();
    writer.write(chunk);
  }
  return path;
}

/** Images that are nowhere but in the store, by the names that the Dockerfile calls them. */
function knownImages(options: VerifyBuildOptions): Readonly<Record<string, string>> {
  const { root } = engineSettings(options.engine ?? {}, process.env);
  const { file, source } = loadDockerfile(options, options.context ?? '.');
  const stages = new Set(file.stages.map(({ name }) => name?.toLowerCase()));
  const words = new Set(
    Buffer.from(source)
      .toString('utf8')
      .split(/[\s=,]+/),
  );
  const known: Record<string, string> = {};
  for (const { name, manifest } of openStore(root).images.list()) {
    if (name === undefined) continue;
    const familiar = familiarReference(parseReference(name));
    for (const spelling of [familiar, familiar.replace(/:latest$/, '')]) {
      if (words.has(spelling) && !stages.has(spelling)) known[spelling] = `oci-layout://${root}@${manifest.digest}`;
    }
  }
  return known;
}

function imageIn(directory: string): ImageAt {
  const files = inDirectory(directory);
  const [descriptor] = descriptorsOf(files);
  if (descriptor === undefined) throw badArchive('its `index.json` names no image');
  return { files, descriptor };
}

function descriptorsOf(files: ArchiveFiles): readonly Descriptor[] {
  const index = files.read('index.json');
  if (index === undefined) throw badArchive('it has no `index.json`');
  const parsed = parseManifest(index, mediaTypes.ociIndex);
  return parsed.kind === 'index' ? parsed.manifests : [];
}

export interface VerifyImageOptions extends RebuildOptions {
  /** A name or ID of the store, the path of an OCI layout or archive, or a reference to ask its registry for. */
  readonly image: string;
  /** `os/arch[/variant]` of an image from a registry. */
  readonly platform?: string;
  /** Also build it again, where the history of the store knows how. Default: no. */
  readonly rebuild?: boolean;
  /** Called before that: the place to change what should not matter. */
  readonly between?: Between;
  readonly signal?: AbortSignal;
}

export interface ImageVerification {
  readonly digests: readonly string[];
  readonly problems: readonly ImageProblem[];
  /** Where it was asked for, and the image is whole. */
  readonly rebuild?: ImageRebuild;
}

/**
 * Read an image whole and hold everything it says of itself against its bytes; with `rebuild`, also build it again, with nothing in the
 * cache, and hold the layers against each other. Changes nothing.
 */
export async function verifyImage(options: VerifyImageOptions): Promise<ImageVerification> {
  return await withEngine(options, async (engine, signal) => {
    const check = async (files: ArchiveFiles, descriptors: readonly Descriptor[]): Promise<ImageVerification> => {
      const problems: ImageProblem[] = [];
      for (const descriptor of unique(descriptors)) problems.push(...(await checkImage(files, descriptor, signal)));
      const found = { digests: unique(descriptors).map(({ digest }) => digest), problems };
      if (options.rebuild !== true || problems.length > 0) return found;
      return { ...found, rebuild: await rebuild(engine, { files, descriptors: unique(descriptors) }, options, signal) };
    };
    const path = resolve(options.image);
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
      using spool = createIngest(engine.store.paths);
      const files = await openArchiveFiles(path, { stdin: undefined, spool, signal });
      return await check(files, descriptorsOf(files));
    }
    const stored = inStore(engine, options.image);
    if (stored !== undefined) return await check(inDirectory(engine.store.paths.root), [stored.manifest]);
    const place = mkdtempSync(join(tmpdir(), 'slipway-verify-'));
    try {
      mkdirSync(join(place, 'store'));
      return await withEngine({ ...options, engine: { ...options.engine, root: join(place, 'store') } }, async (own) => {
        const { manifest } = await pullInto(own, options.image, platformOf(options.platform), { signal, pull: true });
        return await check(inDirectory(own.store.paths.root), [manifest]);
      });
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
}

async function rebuild(
  engine: Engine,
  { files, descriptors }: { readonly files: ArchiveFiles; readonly descriptors: readonly Descriptor[] },
  options: VerifyImageOptions,
  signal: AbortSignal,
): Promise<ImageRebuild> {
  const [descriptor, ...others] = descriptors;
  if (descriptor === undefined || others.length > 0)
    return { kind: 'not-rebuilt', why: `it holds ${descriptors.length} images: name one of them` };
  using _unsettled = options.between?.();
  return await rebuildImage(engine, { files, descriptor }, options, signal);
}

function inStore(engine: Engine, name: string): StoredImage | undefined {
  try {
    return findImage(engine, name);
  } catch (thrown) {
    if (thrown instanceof SlipwayError && thrown.code === 'BUILD_NO_IMAGE') return undefined;
    throw thrown;
  }
}

/** An image with several names is looked at once. */
function unique(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}
