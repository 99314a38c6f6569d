import { type Json, mapParallel, SingleFlight, SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import {
  chainId,
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  formatReference,
  hexOf,
  type ImageConfig,
  isDigest,
  type Manifest,
  parseImageConfig,
  parseManifest,
  parseReference,
  type Platform,
  type Reference,
  samePlatform,
} from '../oci/index.ts';
import type { RegistryClient } from '../registry/index.ts';
import { layerIdOfDiff, parseResolved, type Resolved, type Store } from '../store/index.ts';
import { ingestLayer } from './ingest-layer.ts';
import { openLayout, readLayoutLayer } from './oci-layout.ts';

/** An image of one platform whose manifest and config the store has; its layers may still be elsewhere. */
interface ResolvedImage {
  /** `docker-image://docker.io/library/alpine:3.20@sha256:…` or `oci-layout:///path@sha256:…`. */
  readonly identifier: string;
  /** Of the manifest of this platform. */
  readonly digest: Digest;
  readonly config: ImageConfig;
  /** When the registry last said what the tag names; absent for images of the store, and where a digest was asked for. */
  readonly askedAtMs?: number | undefined;
}

export interface FetchProgress {
  readonly part: string;
  readonly current: number;
  readonly total: number;
  readonly done: boolean;
}

export interface ImageSource {
  /**
   * Find an image by name: in the store, by what its tag was last known to be, or at its registry. `pull` asks the registry first: in one
   * request, when the tag is what it was.
   * @throws {SlipwayError} `OCI_…`, `REG_…`, `SOURCE_NO_PLATFORM`
   */
  resolve(
    reference: string,
    platform: Platform,
    options: { readonly signal: AbortSignal; readonly pull?: boolean },
  ): Promise<ResolvedImage>;
  /** Find an image in an OCI layout on disk: `path[:tag][@sha256:…]`. */
  resolveLayout(location: string, platform: Platform, options: { readonly signal: AbortSignal }): Promise<ResolvedImage>;
  /** Names the file system of an image that was resolved: equal layers give equal names, whatever the manifest. */
  chainOf(identifier: string): Digest;
  /** Bring the image's layers into the store. Layers that are there cost nothing. */
  fetchLayers(
    identifier: string,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: FetchProgress) => void },
  ): Promise<readonly LayerId[]>;
}

export interface ImageSourceOptions {
  readonly store: Store;
  readonly registry: () => Promise<RegistryClient>;
  readonly now: () => number;
  /** Never ask a registry. */
  readonly offline?: boolean | undefined;
}

/** How many layers are fetched at once. */
const fetchLimit = 4;

export function createImageSource({ store, registry, now, offline = false }: ImageSourceOptions): ImageSource {
  const flights = new SingleFlight<string, LayerId>();
  const load = (digest: Digest): { readonly manifest: Manifest; readonly config: ImageConfig } => {
    const manifest = parseManifest(store.blobs.read(digest));
    if (manifest.kind !== 'manifest')
      throw new SlipwayError('OCI_BAD_MANIFEST', `\`${digest}\` is an index, not the manifest of one platform`, {
        class: 'registry',
      });
    return { manifest, config: parseImageConfig(store.blobs.read(manifest.config.digest)) };
  };
  const known = (digest: Json | undefined): ImageConfig | undefined => {
    if (typeof digest !== 'string' || !isDigest(digest) || !store.blobs.use(digest)) return undefined;
    try {
      const parsed = parseManifest(store.blobs.read(digest));
      if (parsed.kind !== 'manifest' || !store.blobs.use(parsed.config.digest)) return undefined;
      return parseImageConfig(store.blobs.read(parsed.config.digest));
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'STORE_BLOB_DAMAGED') return undefined;
      throw error;
    }
  };
  /** A name is good for the platform that its image is for; what a registry gave for this platform, and what a digest names, is taken as it is. */
  const inStore = (reference: Reference, platform: Platform, resolved: Resolved | undefined): ResolvedImage | undefined => {
    const named = reference.digest === undefined ? store.images.get(formatReference(reference))?.manifest.digest : undefined;
    const ofName = known(named);
    if (ofName !== undefined && samePlatform(ofName.platform, platform)) return found(reference, named as Digest, ofName);
    return lastSeen(reference, resolved) ?? lastSeen(reference, reference);
  };
  const lastSeen = (
    reference: Reference,
    { digest, askedAtMs }: { readonly digest?: Digest | undefined; readonly askedAtMs?: number | undefined } = {},
  ): ResolvedImage | undefined => {
    const config = known(digest);
    if (digest === undefined || config === undefined) return undefined;
    const isTag = reference.digest === undefined && askedAtMs !== undefined;
    return { ...found(reference, digest, config), ...(isTag ? { askedAtMs } : {}) };
  };
  const found = (reference: Reference, digest: Digest, config: ImageConfig): ResolvedImage => ({
    identifier: `docker-image://${formatReference({ ...reference, digest })}`,
    digest,
    config,
  });
  return {
    async resolve(text, platform, { signal, pull = false }) {
      const reference = parseReference(text);
      const name = formatReference(reference);
      const recordKey = hexOf(digestOf(`${name} ${formatPlatform(platform)}`));
      const record = parseResolved(store.records.read('resolved', recordKey));
      const asksFirst = pull && reference.digest === undefined;
      const there = asksFirst ? undefined : inStore(reference, platform, record);
      if (there !== undefined) {
        store.records.touch('resolved', recordKey);
        return there;
      }
      if (offline) throw isOffline(`\`${name}\` is not in the store`);
      const client = await registry();
      const remember = (resolved: Resolved): void => store.records.write('resolved', recordKey, { ...resolved });
      const before = asksFirst ? lastSeen(reference, record) : undefined;
      if (
        before !== undefined &&
        record?.top !== undefined &&
        (await client.resolve(reference, { signal })).digest === record.top
      ) {
        remember({ ...record, askedAtMs: now() });
        return { ...before, askedAtMs: now() };
      }
      const image = await client.fetchImage(reference, platform, { signal });
      store.blobs.put(image.descriptor.mediaType, image.manifestBytes);
      store.blobs.put(image.manifest.config.mediaType, image.config);
      const { digest } = image.descriptor;
      remember({ digest, name, top: (image.index?.descriptor ?? image.descriptor).digest, askedAtMs: now() });
      return {
        ...found(reference, digest, image.imageConfig),
        ...(reference.digest === undefined ? { askedAtMs: now() } : {}),
      };
    },

    async resolveLayout(location, platform, { signal }) {
      signal.throwIfAborted();
      const { path, descriptor, manifest, manifestBytes, config } = openLayout(location, platform);
      store.blobs.put(manifest.mediaType, manifestBytes);
      store.blobs.put(manifest.config.mediaType, config);
      return {
        identifier: `oci-layout://${path}@${descriptor.digest}`,
        digest: descriptor.digest,
        config: parseImageConfig(config),
      };
    },

    chainOf(identifier) {
      const { config } = load(digestOfIdentifier(identifier));
      return digestOf(`${formatPlatform(config.platform)} ${chainId(config.diffIds) ?? 'empty'}`);
    },

    async fetchLayers(identifier, { signal, onProgress }) {
      const { manifest, config } = load(digestOfIdentifier(identifier));
      if (manifest.layers.length !== config.diffIds.length) {
        throw new SlipwayError(
          'OCI_BAD_CONFIG',
          `\`${identifier}\` has ${manifest.layers.length} layers, but its config names ${config.diffIds.length}`,
          { class: 'registry' },
        );
      }
      const createdAt = config.created ?? new Date(now()).toISOString();
      return await mapParallel(manifest.layers, fetchLimit, signal, (descriptor, inner) => {
        const diffId = config.diffIds[manifest.layers.indexOf(descriptor)] as Digest;
        return flights.run(diffId, async () => {
          const there = store.layers.byDiffId(diffId);
          if (there !== undefined) return there;
          using _lock = await store.locks.hold(`pull-${layerIdOfDiff(diffId)}`, inner);
          const madeMeanwhile = store.layers.byDiffId(diffId);
          if (madeMeanwhile !== undefined) return madeMeanwhile;
          const report = (current: number, done: boolean): void =>
            onProgress?.({ part: descriptor.digest, current, total: descriptor.size, done });
          const source = (): AsyncIterable<Uint8Array> =>
            openLayer(identifier, descriptor, inner, (current) => report(current, false));
          const id = await ingestLayer(store, { descriptor, diffId, createdAt, source, signal: inner });
          report(descriptor.size, true);
          return id;
        });
      });
    },
  };

  async function* openLayer(
    identifier: string,
    descriptor: Descriptor,
    signal: AbortSignal,
    onProgress: (current: number) => void,
  ): AsyncGenerator<Uint8Array> {
    if (store.blobs.use(descriptor.digest)) yield* store.blobs.stream(descriptor.digest);
    else if (identifier.startsWith('oci-layout://')) {
      const path = identifier.slice('oci-layout://'.length, identifier.lastIndexOf('@'));
      yield* readLayoutLayer(path, descriptor.digest);
    } else {
      const reference = parseReference(identifier.slice('docker-image://'.length));
      if (offline) throw isOffline(`the store lacks layers of \`${formatReference(reference)}\``);
      const client = await registry();
      yield* client.fetchBlob(reference, descriptor, { signal, onProgress });
    }
  }
}

function isOffline(why: string): SlipwayError {
  return new SlipwayError('REG_OFFLINE', `${why}, and with \`--offline\` no registry is asked`, {
    class: 'registry',
    hint: 'build once without `--offline`, or bring the image with `slipway load`',
  });
}

function digestOfIdentifier(identifier: string): Digest {
  const digest = identifier.slice(identifier.lastIndexOf('@') + 1);
  if (!isDigest(digest))
    throw new SlipwayError('SOURCE_NOT_PINNED', `\`${identifier}\` is not pinned by a digest`, { class: 'internal' });
  return digest;
}
