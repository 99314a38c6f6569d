import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Descriptor,
  descriptorJson,
  type Digest,
  familiarReference,
  hexOf,
  mediaTypes,
  parseReference,
} from '../oci/index.ts';
import type { Store } from '../store/index.ts';
import { TarWriter } from '../tar/index.ts';
import type { ExportedImage } from './image.ts';

/** What goes into an archive or layout directory: images, each under any number of names. */
export interface LayoutContent {
  readonly images: readonly { readonly image: ExportedImage; readonly names: readonly string[] }[];
  /** `docker` adds `manifest.json`, which `docker load` of any age reads. */
  readonly format: 'oci' | 'docker';
}

interface File {
  readonly name: string;
  readonly mode: number;
  readonly content:
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'blob'; readonly digest: Digest; readonly sizeBytes: number };
}

/** Write the layout as a tar, entries sorted by name, times zero, so that equal images give equal bytes. */
export async function writeLayoutTar(
  store: Store,
  content: LayoutContent,
  write: (chunk: Uint8Array) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let pending: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const chunks = pending;
    pending = [];
    for (const chunk of chunks) await write(chunk);
  };
  const tar = new TarWriter({ output: (chunk) => void pending.push(Buffer.from(chunk)) });
  const common = { uid: 0, gid: 0, mtimeSec: 0 };
  for (const folder of ['blobs', 'blobs/sha256']) tar.writeHeader({ type: 'dir', path: folder, mode: 0o755, ...common });
  for (const file of layoutFiles(content)) {
    signal.throwIfAborted();
    const sizeBytes = file.content.kind === 'bytes' ? file.content.bytes.byteLength : file.content.sizeBytes;
    tar.writeHeader({ type: 'file', path: file.name, mode: file.mode, sizeBytes, ...common });
    if (file.content.kind === 'bytes') tar.writeContent(file.content.bytes);
    else {
      for await (const chunk of store.blobs.stream(file.content.digest)) {
        tar.writeContent(chunk);
        await flush();
      }
    }
    await flush();
  }
  tar.finish();
  await flush();
}

/** Write the layout as a directory. */
export async function writeLayoutDirectory(
  store: Store,
  content: LayoutContent,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  for (const file of layoutFiles(content)) {
    signal.throwIfAborted();
    const path = join(directory, file.name);
    mkdirSync(dirname(path), { recursive: true });
    if (file.content.kind === 'bytes') writeFileSync(path, file.content.bytes);
    else {
      await store.blobs.check(file.content.digest);
      await copyFile(store.blobs.path(file.content.digest), path);
    }
    chmodSync(path, 0o644); // blobs of the store are for its owner alone
  }
}

function layoutFiles({ images, format }: LayoutContent): File[] {
  const files = new Map<string, File>();
  const blob = ({ digest, size }: Descriptor): void => {
    const name = `blobs/sha256/${hexOf(digest)}`;
    files.set(name, { name, mode: 0o444, content: { kind: 'blob', digest, sizeBytes: size } });
  };
  for (const { image } of images)
    for (const each of [image.descriptor, image.manifest.config, ...image.manifest.layers]) blob(each);
  const text = (name: string, value: unknown, mode: number): void => {
    files.set(name, { name, mode, content: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)) } });
  };
  text('oci-layout', { imageLayoutVersion: '1.0.0' }, 0o444);
  text('index.json', { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: images.flatMap(indexEntries) }, 0o644);
  if (format === 'docker') text('manifest.json', images.map(dockerEntry), 0o644);
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Named = LayoutContent['images'][number];

/** A descriptor for each name. Annotations that were asked for win. */
function indexEntries({ image, names }: Named): Record<string, unknown>[] {
  const { annotations: asked = {} } = image.descriptor;
  const created = image.createdAt === undefined ? {} : { 'org.opencontainers.image.created': image.createdAt };
  const descriptor = (named: Record<string, string>): Record<string, unknown> => {
    const annotations = Object.entries({ ...created, ...asked, ...named }).sort(([a], [b]) => (a < b ? -1 : 1));
    return descriptorJson({
      ...image.descriptor,
      annotations: annotations.length > 0 ? Object.fromEntries(annotations) : undefined,
    });
  };
  if (names.length === 0) return [descriptor({})];
  return names.map((name) =>
    descriptor({
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': parseReference(name).tag ?? name,
    }),
  );
}

function dockerEntry({ image, names }: Named): Record<string, unknown> {
  return {
    Config: `blobs/sha256/${hexOf(image.configDigest)}`,
    RepoTags: names.map((name) => familiarReference(parseReference(name))),
    Layers: image.manifest.layers.map(({ digest }) => `blobs/sha256/${hexOf(digest)}`),
  };
}
