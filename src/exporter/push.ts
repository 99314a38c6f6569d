import { mapParallel } from '../base/index.ts';
import { type Digest, hexOf, type Reference } from '../oci/index.ts';
import type { RegistryClient } from '../registry/index.ts';
import type { Store } from '../store/index.ts';
import type { ExportedImage } from './image.ts';

export interface PushOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: {
    readonly part: string;
    readonly current: number;
    readonly total: number;
    readonly done: boolean;
  }) => void;
}

/** How many blobs are sent at once. */
const pushLimit = 4;

/** Send an image: blobs that the registry lacks, then the manifest under its tag. Gives the manifest's digest. */
export async function pushImage(
  store: Store,
  registry: RegistryClient,
  image: Pick<ExportedImage, 'manifest' | 'manifestBytes'>,
  reference: Reference,
  { signal, onProgress }: PushOptions,
): Promise<Digest> {
  const blobs = new Map([image.manifest.config, ...image.manifest.layers].map((blob) => [blob.digest, blob]));
  await mapParallel([...blobs.values()], pushLimit, signal, async (blob, inner) => {
    const part = `pushing ${hexOf(blob.digest).slice(0, 12)}`;
    await registry.pushBlob(reference, blob, () => store.blobs.stream(blob.digest), {
      signal: inner,
      onProgress: (current, total) => onProgress?.({ part, current, total, done: false }),
    });
    onProgress?.({ part, current: blob.size, total: blob.size, done: true });
  });
  return await registry.pushManifest(reference, image.manifestBytes, image.manifest.mediaType, { signal });
}
