import type { Engine } from '../engine/index.ts';
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  digestOf,
  hexOf,
  type Manifest,
  mediaTypes,
  parseImageConfig,
  parseManifest,
  printManifest,
} from '../oci/index.ts';
import { ingestLayer, ingestTar } from '../source/index.ts';
import { createIngest, imageName, type StoredImage } from '../store/index.ts';
import { type ArchiveFiles, badArchive, openArchiveFiles } from './archive-files.ts';
import { hostPlatform } from './host-platform.ts';
import type { LoadOptions } from './image-options.ts';

/** Bring every image of an archive into the store. @throws {SlipwayError} `BUILD_BAD_ARCHIVE` */
export async function loadArchive(engine: Engine, options: LoadOptions, signal: AbortSignal): Promise<readonly StoredImage[]> {
  using ingest = createIngest(engine.store.paths);
  const files = await openArchiveFiles(options.source, { stdin: options.stdin, spool: ingest, signal });
  const index = files.read('index.json');
  if (index !== undefined) return await loadLayout(engine, files, index, signal);
  const docker = files.read('manifest.json');
  if (docker !== undefined) return await loadDocker(engine, files, docker, signal);
  throw badArchive('it has neither `index.json` nor `manifest.json`');
}

async function loadLayout(
  engine: Engine,
  files: ArchiveFiles,
  index: Uint8Array,
  signal: AbortSignal,
): Promise<readonly StoredImage[]> {
  const top = parseManifest(index, mediaTypes.ociIndex);
  if (top.kind !== 'index') throw badArchive('`index.json` is not an index');
  const images: StoredImage[] = [];
  for (const descriptor of top.manifests) {
    if (descriptor.platform?.os === 'unknown') continue; // an attestation
    const name = nameOf(descriptor);
    const { manifest, bytes } = findManifest(files, descriptor);
    images.push(await loadManifest(engine, files, manifest, bytes, name, signal));
  }
  return images;
}

/** A bare tag, as some tools write it, is no name. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const short = annotations?.['org.opencontainers.image.ref.name'];
  return annotations?.['io.containerd.image.name'] ?? (short !== undefined && /[:/]/.test(short) ? short : undefined);
}

function findManifest(files: ArchiveFiles, descriptor: Descriptor): { readonly manifest: Manifest; readonly bytes: Uint8Array } {
  const bytes = readBlob(files, descriptor.digest);
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === 'manifest') return { manifest: parsed, bytes };
  const chosen =
    parsed.manifests[
      choosePlatform(
        hostPlatform(),
        parsed.manifests.map(({ platform }) => platform),
      )
    ];
  if (chosen === undefined) throw badArchive(`\`${descriptor.digest}\` has no image for this machine's platform`);
  return findManifest(files, chosen);
}

function readBlob(files: ArchiveFiles, digest: Digest): Uint8Array {
  const bytes = files.read(`blobs/sha256/${hexOf(digest)}`);
  if (bytes === undefined) throw badArchive(`it has no blob \`${digest}\``);
  if (digestOf(bytes) !== digest) throw badArchive(`the content of \`${digest}\` has the digest \`${digestOf(bytes)}\``);
  return bytes;
}

async function loadManifest(
  engine: Engine,
  files: ArchiveFiles,
  manifest: Manifest,
  bytes: Uint8Array,
  name: string | undefined,
  signal: AbortSignal,
): Promise<StoredImage> {
  const { store } = engine;
  const configBytes = readBlob(files, manifest.config.digest);
  const config = parseImageConfig(configBytes);
  if (config.diffIds.length !== manifest.layers.length) {
    throw badArchive(`its config names ${config.diffIds.length} layers, its manifest ${manifest.layers.length}`);
  }
  const createdAt = config.created ?? new Date().toISOString();
  const layers = [];
  for (const [position, descriptor] of manifest.layers.entries()) {
    const diffId = config.diffIds[position] as Digest;
    const source = (): AsyncIterable<Uint8Array> => files.open(`blobs/sha256/${hexOf(descriptor.digest)}`);
    layers.push(store.layers.byDiffId(diffId) ?? (await ingestLayer(store, { descriptor, diffId, createdAt, source, signal })));
  }
  store.blobs.put(manifest.config.mediaType, configBytes);
  const stored: StoredImage = {
    manifest: store.blobs.put(manifest.mediaType, bytes),
    configDigest: manifest.config.digest,
    layers,
    storedAt: new Date().toISOString(),
    ...(name === undefined ? {} : { name: imageName(name) }),
  };
  store.images.put(stored);
  return stored;
}

/** The older form: `manifest.json` names a config and layer tars by path. */
async function loadDocker(
  engine: Engine,
  files: ArchiveFiles,
  list: Uint8Array,
  signal: AbortSignal,
): Promise<readonly StoredImage[]> {
  const { store } = engine;
  const images: StoredImage[] = [];
  for (const { Config, RepoTags, Layers } of parseDockerList(list)) {
    const configBytes = files.read(Config);
    if (configBytes === undefined) throw badArchive(`it has no \`${Config}\``);
    const config = parseImageConfig(configBytes);
    if (Layers.length !== config.diffIds.length)
      throw badArchive(`its config names ${config.diffIds.length} layers, its \`manifest.json\` ${Layers.length}`);
    const ingested = [];
    for (const path of Layers)
      ingested.push(
        await ingestTar(store, { source: files.open(path), createdAt: config.created ?? new Date().toISOString(), signal }),
      );
    for (const [position, { diffId }] of ingested.entries()) {
      if (diffId !== config.diffIds[position])
        throw badArchive(`layer \`${Layers[position] ?? ''}\` is not the one its config names`);
    }
    const configDescriptor = store.blobs.put(mediaTypes.ociConfig, configBytes);
    const manifest: Manifest = {
      kind: 'manifest',
      mediaType: mediaTypes.ociManifest,
      config: configDescriptor,
      layers: ingested.map(({ blob }) => blob),
    };
    const stored = {
      manifest: store.blobs.put(mediaTypes.ociManifest, printManifest(manifest)),
      configDigest: configDescriptor.digest,
      layers: ingested.map(({ layer }) => layer),
      storedAt: new Date().toISOString(),
    };
    if ((RepoTags ?? []).length === 0) store.images.put(stored);
    for (const tag of RepoTags ?? []) store.images.put({ ...stored, name: imageName(tag) });
    const [first] = RepoTags ?? [];
    images.push(first === undefined ? stored : { ...stored, name: imageName(first) });
  }
  return images;
}

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

function parseDockerList(bytes: Uint8Array): readonly DockerEntry[] {
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw badArchive('its `manifest.json` is no JSON', cause);
  }
  if (!Array.isArray(list) || !list.every(isDockerEntry)) throw badArchive('its `manifest.json` is not a list of images');
  return list;
}

function isDockerEntry(value: unknown): value is DockerEntry {
  const { Config, RepoTags, Layers } = (value ?? {}) as Record<string, unknown>;
  const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === 'string');
  return typeof Config === 'string' && isTexts(Layers) && (RepoTags === null || RepoTags === undefined || isTexts(RepoTags));
}
