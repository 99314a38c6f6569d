import type { Engine } from '../engine/index.ts';
import { formatReference, parseManifest, parseReference, type Platform } from '../oci/index.ts';
import { imageName, type StoredImage } from '../store/index.ts';
import { platformOf } from './host-platform.ts';
import type { ImageSummary, PullOptions } from './image-options.ts';
import { summaryOf } from './images.ts';
import { withEngine } from './with-engine.ts';

/** Bring an image from its registry into the local store, under its name. */
export async function pullImage(options: PullOptions): Promise<ImageSummary> {
  const platform = platformOf(options.platform);
  return await withEngine(options, async (engine, signal) =>
    summaryOf(engine, [await pullInto(engine, options.name, platform, { signal, pull: true, onProgress: options.onProgress })]),
  );
}

/** The image `name`, with all its layers, as an image of the store. */
export async function pullInto(
  engine: Engine,
  name: string,
  platform: Platform,
  options: { readonly signal: AbortSignal; readonly pull?: boolean; readonly onProgress?: PullOptions['onProgress'] },
): Promise<StoredImage> {
  const { store, images } = engine;
  const resolved = await images.resolve(name, platform, { signal: options.signal, pull: options.pull ?? false });
  const layers = await images.fetchLayers(resolved.identifier, {
    signal: options.signal,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const bytes = store.blobs.read(resolved.digest);
  const manifest = parseManifest(bytes);
  if (manifest.kind !== 'manifest') throw new Error('resolve() gave an index');
  const stored: StoredImage = {
    name: formatReference({ ...parseReference(imageName(name)) }),
    manifest: { mediaType: manifest.mediaType, digest: resolved.digest, size: bytes.byteLength },
    configDigest: manifest.config.digest,
    layers,
    storedAt: new Date().toISOString(),
  };
  store.images.put(stored);
  return stored;
}
