import { SlipwayError } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { familiarReference, formatPlatform, type ImageConfig, isDigest, parseImageConfig, parseReference } from '../oci/index.ts';
import { imageName, type StoredImage } from '../store/index.ts';
import type { ImageSummary } from './image-options.ts';
import { newName } from './new-name.ts';
import type { EngineOptions } from './options.ts';
import { withEngine } from './with-engine.ts';

interface WithEngine {
  readonly engine?: EngineOptions;
}

/** The images of the local store, newest first; an image with several names is one entry. */
export async function listImages(options: WithEngine = {}): Promise<readonly ImageSummary[]> {
  return await withEngine(options, (engine) => {
    const groups = groupByManifest(engine.store.images.list());
    const summaries = groups.map((images) => summaryOf(engine, images));
    return Promise.resolve(summaries.sort((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? 1 : -1)));
  });
}

function groupByManifest(images: readonly StoredImage[]): (readonly [StoredImage, ...StoredImage[]])[] {
  const groups = new Map<string, [StoredImage, ...StoredImage[]]>();
  for (const image of images) {
    const group = groups.get(image.manifest.digest);
    if (group === undefined) groups.set(image.manifest.digest, [image]);
    else group.push(image);
  }
  return [...groups.values()];
}

export function summaryOf(engine: Engine, images: readonly [StoredImage, ...StoredImage[]]): ImageSummary {
  const [image] = images;
  const config = configOf(engine, image);
  return {
    names: images.flatMap(({ name }) => (name === undefined ? [] : familiarReference(parseReference(name)))).sort(),
    imageId: image.configDigest,
    manifestDigest: image.manifest.digest,
    createdAt: config.created,
    sizeBytes: image.layers.reduce((sum, layer) => sum + (engine.store.layers.info(layer)?.sizeBytes ?? 0), 0),
    platform: formatPlatform(config.platform),
  };
}

export function configOf(engine: Engine, image: StoredImage): ImageConfig {
  return parseImageConfig(engine.store.blobs.read(image.configDigest));
}

/**
 * The image that people mean by `text`: a name, a digest of its manifest or config, or the beginning of its ID.
 * @throws {SlipwayError} `BUILD_NO_IMAGE`, `BUILD_AMBIGUOUS_IMAGE`
 */
export function findImage(engine: Engine, text: string): StoredImage {
  const image = lookUp(engine, text);
  engine.store.blobs.use(image.manifest.digest);
  return image;
}

function lookUp(engine: Engine, text: string): StoredImage {
  const all = engine.store.images.list();
  if (isDigest(text)) {
    const exact = all.find(({ manifest, configDigest }) => manifest.digest === text || configDigest === text);
    if (exact !== undefined) return exact;
  }
  const named = tryName(text);
  const byName = named === undefined ? undefined : engine.store.images.get(named);
  if (byName !== undefined) return byName;
  const hex = text.replace(/^sha256:/, '');
  if (/^[0-9a-f]{4,64}$/.test(hex)) {
    const matches = new Map(
      all.filter(({ configDigest }) => configDigest.startsWith(`sha256:${hex}`)).map((image) => [image.configDigest, image]),
    );
    if (matches.size > 1)
      throw new SlipwayError('BUILD_AMBIGUOUS_IMAGE', `\`${text}\` begins the IDs of ${matches.size} images`, {
        hint: 'give more digits',
      });
    for (const match of matches.values()) return match;
  }
  throw new SlipwayError('BUILD_NO_IMAGE', `no image \`${text}\` in the local store`, {
    hint: '`slipway images` lists what is there',
  });
}

function tryName(text: string): string | undefined {
  try {
    return imageName(text);
  } catch (error) {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

/** Take names away. An image without any name is forgotten; its layers stay until they are pruned. */
export async function removeImages(
  options: WithEngine & { readonly names: readonly string[] },
): Promise<readonly { readonly name: string; readonly deleted: boolean }[]> {
  return await withEngine(options, (engine) => {
    const images = options.names.map((name) => findImage(engine, name));
    return Promise.resolve(
      images.map((image, index) => {
        engine.store.images.remove(image);
        return { name: options.names[index] ?? '', deleted: engine.store.images.byManifest(image.manifest.digest) === undefined };
      }),
    );
  });
}

/** Give an image one more name. */
export async function tagImage(options: WithEngine & { readonly source: string; readonly target: string }): Promise<void> {
  await withEngine(options, (engine) => {
    engine.store.images.put({ ...findImage(engine, options.source), name: newName(options.target) });
    return Promise.resolve();
  });
}
