import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostPath, isNotFound, mapParallel, SingleFlight, SlipwayError } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import {
  chainId,
  choosePlatform,
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  formatReference,
  hexOf,
  type ImageConfig,
  isDigest,
  isIndexType,
  type Manifest,
  parseDescriptor,
  parseImageConfig,
  parseManifest,
  parseReference,
  type Platform,
  type Reference,
  samePlatform,
} from '../oci/index.ts';
import type { RegistryClient } from '../registry/index.ts';
import { readFileChunks, type Store } from '../store/index.ts';
import { ingestLayer } from './ingest-layer.ts';

/** An image of one platform whose manifest and config the store has; its layers may still be elsewhere. */
export interface ResolvedImage {
  /** `docker-image://docker.io/library/alpine:3.20@sha256:…` or `oci-layout:///path@sha256:…`. */
  readonly identifier: string;
  /** Of the manifest of this platform. */
  readonly digest: Digest;
  readonly config: ImageConfig;
}

export interface FetchProgress {
  readonly part: string;
  readonly current: number;
  readonly total: number;
  readonly done: boolean;
}

export interface ImageSource {
  /**
   * Find an image by name: in the store, by what its tag was last known to be, or at its registry. `pull` asks the registry first.
   * @throws {SlipwayError} `OCI_…`, `REG_…`, `SOURCE_NO_PLATFORM`
   */
  resolve(reference: string, platform: Platform, options: { readonly signal: AbortSignal; readonly pull?: boolean }): Promise<ResolvedImage>;
  /** Find an image in an OCI layout on disk: `path[:tag][@sha256:…]`. */
  resolveLayout(location: string, platform: Platform, options: { readonly signal: AbortSignal }): Promise<ResolvedImage>;
  /** Names the file system of an image that was resolved: equal layers give equal names, whatever the manifest. */
  chainOf(identifier: string): Digest;
  /** Bring the image's layers into the store. Layers that are there cost nothing. */
  fetchLayers(identifier: string, options: { readonly signal: AbortSignal; readonly onProgress?: (progress: FetchProgress) => void }): Promise<readonly LayerId[]>;
}

export interface ImageSourceOptions {
  readonly store: Store;
  readonly registry: () => Promise<RegistryClient>;
  readonly now: () => number;
}

/** How many layers are fetched at once. */
const fetchLimit = 4;

export function createImageSource({ store, registry, now }: ImageSourceOptions): ImageSource {
  const flights = new SingleFlight<string, LayerId>();
  const load = (digest: Digest): { readonly manifest: Manifest; readonly config: ImageConfig } => {
    const manifest = parseManifest(store.blobs.read(digest));
    if (manifest.kind !== 'manifest') throw new SlipwayError('OCI_BAD_MANIFEST', `\`${digest}\` is an index, not the manifest of one platform`, { class: 'registry' });
    return { manifest, config: parseImageConfig(store.blobs.read(manifest.config.digest)) };
  };
  const known = (digest: Digest, platform: Platform): ImageConfig | undefined => {
    if (!store.blobs.has(digest)) return undefined;
    const parsed = parseManifest(store.blobs.read(digest));
    if (parsed.kind !== 'manifest' || !store.blobs.has(parsed.config.digest)) return undefined;
    const config = parseImageConfig(store.blobs.read(parsed.config.digest));
    return samePlatform(config.platform, platform) ? config : undefined;
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
      if (!pull || reference.digest !== undefined) {
        for (const digest of [store.images.get(name)?.manifest.digest, store.records.read('resolved', recordKey), reference.digest]) {
          if (typeof digest !== 'string' || !isDigest(digest)) continue;
          const config = known(digest, platform);
          if (config !== undefined) return found(reference, digest, config);
        }
      }
      const client = await registry();
      const image = await client.fetchImage(reference, platform, { signal });
      store.blobs.put(image.descriptor.mediaType, image.manifestBytes);
      store.blobs.put(image.manifest.config.mediaType, image.config);
      store.records.write('resolved', recordKey, image.descriptor.digest);
      return found(reference, image.descriptor.digest, image.imageConfig);
    },

    async resolveLayout(location, platform, { signal }) {
      signal.throwIfAborted();
      const { path, tag, digest } = parseLayoutLocation(location);
      const read = (want: Descriptor): Uint8Array => readLayoutBlob(path, want.digest);
      let descriptor = digest === undefined ? findInLayout(path, tag) : ({ mediaType: '', digest, size: 0 } satisfies Descriptor);
      let manifest = parseManifest(read(descriptor), descriptor.mediaType === '' ? undefined : descriptor.mediaType);
      for (let depth = 0; manifest.kind === 'index'; depth++) {
        const index = choosePlatform(platform, manifest.manifests.map((each) => each.platform));
        const chosen = manifest.manifests[index >= 0 ? index : manifest.manifests.length === 1 ? 0 : -1];
        if (chosen === undefined || depth > 8) throw noPlatform(location, platform);
        descriptor = chosen;
        manifest = parseManifest(read(chosen), isIndexType(chosen.mediaType) ? chosen.mediaType : undefined);
      }
      const manifestBytes = read(descriptor);
      const config = read(manifest.config);
      store.blobs.put(manifest.mediaType, manifestBytes);
      store.blobs.put(manifest.config.mediaType, config);
      return { identifier: `oci-layout://${path}@${descriptor.digest}`, digest: descriptor.digest, config: parseImageConfig(config) };
    },

    chainOf(identifier) {
      const { config } = load(digestOfIdentifier(identifier));
      return digestOf(`${formatPlatform(config.platform)} ${chainId(config.diffIds) ?? 'empty'}`);
    },

    async fetchLayers(identifier, { signal, onProgress }) {
      const { manifest, config } = load(digestOfIdentifier(identifier));
      if (manifest.layers.length !== config.diffIds.length) {
        throw new SlipwayError('OCI_BAD_CONFIG', `\`${identifier}\` has ${manifest.layers.length} layers, but its config names ${config.diffIds.length}`, { class: 'registry' });
      }
      const createdAt = config.created ?? new Date(now()).toISOString();
      return await mapParallel(manifest.layers, fetchLimit, signal, (descriptor, inner) => {
        const diffId = config.diffIds[manifest.layers.indexOf(descriptor)] as Digest;
        return flights.run(diffId, async () => {
          const there = store.layers.byDiffId(diffId);
          if (there !== undefined) return there;
          const report = (current: number, done: boolean): void => onProgress?.({ part: descriptor.digest, current, total: descriptor.size, done });
          const source = (): AsyncIterable<Uint8Array> => openLayer(identifier, descriptor, inner, (current) => report(current, false));
          const id = await ingestLayer(store, { descriptor, diffId, createdAt, source, signal: inner });
          report(descriptor.size, true);
          return id;
        });
      });
    },
  };

  async function* openLayer(identifier: string, descriptor: Descriptor, signal: AbortSignal, onProgress: (current: number) => void): AsyncGenerator<Uint8Array> {
    if (store.blobs.has(descriptor.digest)) yield* store.blobs.stream(descriptor.digest);
    else if (identifier.startsWith('oci-layout://')) {
      const path = identifier.slice('oci-layout://'.length, identifier.lastIndexOf('@'));
      yield* readFileChunks(hostPath(join(path, 'blobs', 'sha256', hexOf(descriptor.digest))));
    } else {
      const reference = parseReference(identifier.slice('docker-image://'.length));
      const client = await registry();
      yield* client.fetchBlob(reference, descriptor, { signal, onProgress });
    }
  }
}

function digestOfIdentifier(identifier: string): Digest {
  const digest = identifier.slice(identifier.lastIndexOf('@') + 1);
  if (!isDigest(digest)) throw new SlipwayError('SOURCE_NOT_PINNED', `\`${identifier}\` is not pinned by a digest`, { class: 'internal' });
  return digest;
}

function parseLayoutLocation(location: string): { readonly path: string; readonly tag: string | undefined; readonly digest: Digest | undefined } {
  const at = location.lastIndexOf('@sha256:');
  const after = at < 0 ? undefined : location.slice(at + 1);
  if (after !== undefined && !isDigest(after)) throw new SlipwayError('OCI_BAD_DIGEST', `\`${after}\` is not a sha256 digest`);
  const rest = at < 0 ? location : location.slice(0, at);
  const match = /^(.*?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/.exec(rest);
  return { path: match?.[1] ?? rest, tag: match?.[2], digest: after };
}

function findInLayout(path: string, tag: string | undefined): Descriptor {
  const raw = JSON.parse(readLayoutFile(path, 'index.json').toString('utf8')) as { manifests?: unknown };
  const manifests = (Array.isArray(raw.manifests) ? raw.manifests : []).map(parseDescriptor);
  const wanted = tag ?? 'latest';
  const named = manifests.find(({ annotations }) => {
    const short = annotations?.['org.opencontainers.image.ref.name'];
    const full = annotations?.['io.containerd.image.name'];
    return short === wanted || short?.endsWith(`:${wanted}`) === true || full?.endsWith(`:${wanted}`) === true;
  });
  const chosen = named ?? (tag === undefined && manifests.length === 1 ? manifests[0] : undefined);
  if (chosen !== undefined) return chosen;
  const names = manifests.flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? []);
  throw new SlipwayError('SOURCE_NOT_IN_LAYOUT', `the OCI layout \`${path}\` has no image tagged \`${wanted}\``, {
    hint: names.length === 0 ? 'name one by its digest: oci-layout://PATH@sha256:…' : `it has ${names.map((name) => `\`${name}\``).join(', ')}`,
  });
}

function readLayoutBlob(path: string, digest: Digest): Uint8Array {
  const bytes = readLayoutFile(path, `blobs/sha256/${hexOf(digest)}`);
  if (digestOf(bytes) !== digest) {
    throw new SlipwayError('OCI_DIGEST_MISMATCH', `content of \`${digest}\` in \`${path}\` has the digest \`${digestOf(bytes)}\``, { class: 'registry' });
  }
  return bytes;
}

function readLayoutFile(path: string, name: string): Buffer {
  try {
    return readFileSync(join(path, name));
  } catch (error) {
    if (isNotFound(error)) throw new SlipwayError('SOURCE_NO_LAYOUT', `\`${path}\` is not a whole OCI layout: it has no \`${name}\``, { cause: error });
    throw error;
  }
}

function noPlatform(name: string, platform: Platform): SlipwayError {
  return new SlipwayError('SOURCE_NO_PLATFORM', `\`${name}\` has no image for ${formatPlatform(platform)}`, { class: 'registry' });
}
