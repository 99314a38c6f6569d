import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SlipwayError } from '../../base/index.ts';
import { type Engine, engineSettings } from '../../engine/index.ts';
import { type Descriptor, familiarReference, mediaTypes, parseManifest, parseReference } from '../../oci/index.ts';
import { createIngest, openStore, type StoredImage } from '../../store/index.ts';
import { type ArchiveFiles, badArchive, inDirectory, openArchiveFiles } from '../archive-files.ts';
import { build } from '../build.ts';
import { platformOf } from '../host-platform.ts';
import { findImage } from '../images.ts';
import { loadDockerfile } from '../load-dockerfile.ts';
import type { BuildOptions, EngineOptions, ImageAttributes } from '../options.ts';
import { pullInto } from '../pull.ts';
import { cancellable, withEngine } from '../with-engine.ts';
import { checkImage, type ImageProblem } from './check-image.ts';
import { compareImages, type ImageAt, type ImageDifference } from './compare-images.ts';

export interface VerifyBuildOptions extends Omit<BuildOptions, 'outputs' | 'tags' | 'onFail'> {
  /** How both images are written. */
  readonly image?: Omit<ImageAttributes, 'names'>;
  /** Called between the two builds: the place to change what should not matter. */
  readonly between?: () => void;
}

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
  const { image = {}, between, engine = {}, ...request } = options;
  const signal = options.signal ?? new AbortController().signal;
  return await cancellable(signal, async () => {
    const places = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'slipway-verify-')));
    try {
      const contexts = { ...knownImages(options), ...options.contexts };
      const images: ImageAt[] = [];
      for (const [index, place] of places.entries()) {
        if (index === 1) between?.();
        const dest = join(place, 'image');
        const startedAtMs = Date.now();
        const outputs = [{ type: 'oci', dest, tar: false, ...image, names: [] }] as const;
        await build({ ...request, contexts, outputs, engine: { ...engine, root: join(place, 'store') } });
        // Times in images are whole seconds: the other build has to see another one.
        if (index === 0) await pause(Math.max(0, 1000 - (Date.now() - startedAtMs)), undefined, { signal });
        images.push(imageIn(dest));
      }
      const [one, two] = images as [ImageAt, ImageAt];
      const digests = [one.descriptor.digest, two.descriptor.digest] as const;
      const isReproducible = digests[0] === digests[1];
      return { isReproducible, digests, differences: isReproducible ? [] : await compareImages(one, two, signal) };
    } finally {
      for (const place of places) rmSync(place, { recursive: true, force: true });
    }
  });
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

export interface VerifyImageOptions {
  /** A name or ID of the store, the path of an OCI layout or archive, or a reference to ask its registry for. */
  readonly image: string;
  /** `os/arch[/variant]` of an image from a registry. */
  readonly platform?: string;
  readonly engine?: EngineOptions;
  readonly signal?: AbortSignal;
}

export interface ImageVerification {
  readonly digests: readonly string[];
  readonly problems: readonly ImageProblem[];
}

/** Read an image whole and hold everything it says of itself against its bytes. Changes nothing. */
export async function verifyImage(options: VerifyImageOptions): Promise<ImageVerification> {
  return await withEngine(options, async (engine, signal) => {
    const check = async (files: ArchiveFiles, descriptors: readonly Descriptor[]): Promise<ImageVerification> => {
      const problems: ImageProblem[] = [];
      for (const descriptor of unique(descriptors)) problems.push(...(await checkImage(files, descriptor, signal)));
      return { digests: unique(descriptors).map(({ digest }) => digest), problems };
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
