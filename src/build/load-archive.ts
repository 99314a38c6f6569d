import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hostPath, isNotFound, SlipwayError } from '../base/index.ts';
import type { Engine } from '../engine/index.ts';
import { choosePlatform, type Descriptor, type Digest, digestOf, hexOf, type Manifest, mediaTypes, parseImageConfig, parseManifest, printManifest } from '../oci/index.ts';
import { ingestLayer, ingestTar } from '../source/index.ts';
import { createFileWriter, createIngest, imageName, readFileChunks, type StoredImage } from '../store/index.ts';
import { createTarParser, decompress, sniffCompression } from '../tar/index.ts';
import { hostPlatform } from './host-platform.ts';
import type { LoadOptions } from './image-options.ts';

/** The files of an archive or layout, by name. */
interface Files {
  read(name: string): Uint8Array | undefined;
  open(name: string): AsyncIterable<Uint8Array>;
}

/** Bring every image of an archive into the store. */
export async function loadArchive(engine: Engine, options: LoadOptions, signal: AbortSignal): Promise<readonly StoredImage[]> {
  using ingest = createIngest(engine.store.paths);
  const files = options.source !== '-' && statSync(options.source, { throwIfNoEntry: false })?.isDirectory() === true ? directoryFiles(options.source) : await archiveFiles(options, ingest.child('archive.tar'), signal);
  const docker = files.read('manifest.json');
  const index = files.read('index.json');
  if (index !== undefined) return await loadLayout(engine, files, index, signal);
  if (docker !== undefined) return await loadDocker(engine, files, docker, signal);
  throw bad('it has neither `index.json` nor `manifest.json`');
}

function bad(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_ARCHIVE', `not an image archive: ${why}`, { cause, hint: 'give a file made by `slipway save`, `docker save` or an OCI layout' });
}

function directoryFiles(directory: string): Files {
  return {
    read(name) {
      try {
        return readFileSync(join(directory, name));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    open: (name) => readFileChunks(hostPath(join(directory, name))),
  };
}

/** Spool the archive, decompressed, beside the store and remember where its members are. */
async function archiveFiles(options: LoadOptions, spool: string, signal: AbortSignal): Promise<Files> {
  const path = hostPath(spool);
  const members = new Map<string, { readonly offset: number; readonly sizeBytes: number }>();
  const parser = createTarParser({ onMember: ({ name, type, offset, sizeBytes }) => void (type === 'file' && members.set(name.replace(/^\.\//, ''), { offset, sizeBytes })) });
  using writer = createFileWriter(path);
  const source = options.source === '-' ? options.stdin : createReadStream(options.source, { highWaterMark: 1 << 20 });
  if (source === undefined) throw bad('no standard input was given');
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw bad('it is empty');
  const all = (async function* (): AsyncGenerator<Uint8Array> {
    for (let next: IteratorResult<Uint8Array> = first; next.done !== true; next = await iterator.next()) yield next.value;
  })();
  for await (const chunk of decompress(all, sniffCompression(first.value))) {
    signal.throwIfAborted();
    parser.write(chunk);
    writer.write(chunk);
  }
  parser.end();
  writer.close();
  const open = (name: string): AsyncIterable<Uint8Array> => {
    const member = members.get(name);
    if (member === undefined) throw bad(`it has no \`${name}\``);
    return readFileChunks(path, member.offset, member.sizeBytes);
  };
  return {
    open,
    read(name) {
      const member = members.get(name);
      if (member === undefined) return undefined;
      return readFileSync(path).subarray(member.offset, member.offset + member.sizeBytes);
    },
  };
}

async function loadLayout(engine: Engine, files: Files, index: Uint8Array, signal: AbortSignal): Promise<readonly StoredImage[]> {
  const top = parseManifest(index, mediaTypes.ociIndex);
  if (top.kind !== 'index') throw bad('`index.json` is not an index');
  const images: StoredImage[] = [];
  for (const descriptor of top.manifests) {
    const name = descriptor.annotations?.['io.containerd.image.name'] ?? descriptor.annotations?.['org.opencontainers.image.ref.name'];
    const { manifest, bytes } = findManifest(files, descriptor);
    images.push(await loadManifest(engine, files, manifest, bytes, name, signal));
  }
  return images;
}

function findManifest(files: Files, descriptor: Descriptor): { readonly manifest: Manifest; readonly bytes: Uint8Array } {
  const bytes = readBlob(files, descriptor.digest);
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === 'manifest') return { manifest: parsed, bytes };
  const chosen = parsed.manifests[choosePlatform(hostPlatform(), parsed.manifests.map(({ platform }) => platform))];
  if (chosen === undefined) throw bad(`\`${descriptor.digest}\` has no image for this machine's platform`);
  return findManifest(files, chosen);
}

function readBlob(files: Files, digest: Digest): Uint8Array {
  const bytes = files.read(`blobs/sha256/${hexOf(digest)}`);
  if (bytes === undefined) throw bad(`it has no blob \`${digest}\``);
  if (digestOf(bytes) !== digest) throw bad(`the content of \`${digest}\` has the digest \`${digestOf(bytes)}\``);
  return bytes;
}

async function loadManifest(engine: Engine, files: Files, manifest: Manifest, bytes: Uint8Array, name: string | undefined, signal: AbortSignal): Promise<StoredImage> {
  const { store } = engine;
  const configBytes = readBlob(files, manifest.config.digest);
  const config = parseImageConfig(configBytes);
  const createdAt = config.created ?? new Date().toISOString();
  const layers = [];
  for (const [position, descriptor] of manifest.layers.entries()) {
    const diffId = config.diffIds[position];
    if (diffId === undefined) throw bad('its config names fewer layers than its manifest');
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
async function loadDocker(engine: Engine, files: Files, list: Uint8Array, signal: AbortSignal): Promise<readonly StoredImage[]> {
  const { store } = engine;
  const images: StoredImage[] = [];
  for (const { Config, RepoTags, Layers } of JSON.parse(Buffer.from(list).toString('utf8')) as { Config: string; RepoTags: string[] | null; Layers: string[] }[]) {
    const configBytes = files.read(Config);
    if (configBytes === undefined) throw bad(`it has no \`${Config}\``);
    const config = parseImageConfig(configBytes);
    const ingested = [];
    for (const path of Layers) ingested.push(await ingestTar(store, { source: files.open(path), createdAt: config.created ?? new Date().toISOString(), signal }));
    for (const [position, { diffId }] of ingested.entries()) {
      if (diffId !== config.diffIds[position]) throw bad(`layer \`${Layers[position] ?? ''}\` is not the one its config names`);
    }
    const configDescriptor = store.blobs.put(mediaTypes.ociConfig, configBytes);
    const manifest: Manifest = { kind: 'manifest', mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: ingested.map(({ blob }) => blob) };
    const stored = { manifest: store.blobs.put(mediaTypes.ociManifest, printManifest(manifest)), configDigest: configDescriptor.digest, layers: ingested.map(({ layer }) => layer), storedAt: new Date().toISOString() };
    if (RepoTags === null || RepoTags.length === 0) store.images.put(stored);
    for (const tag of RepoTags ?? []) store.images.put({ ...stored, name: imageName(tag) });
    const [first] = RepoTags ?? [];
    images.push(first === undefined ? stored : { ...stored, name: imageName(first) });
  }
  return images;
}
