import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cleanPath, readTar, type TarEntry } from './read-tar.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

export interface ImageConfig {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly { readonly created_by?: string; readonly comment?: string; readonly empty_layer?: boolean }[];
  readonly [key: string]: unknown;
}

/** One entry of a flattened root file system, in words that can be compared. */
export interface TreeNode {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  /** Digest of a file's bytes, target of a symlink, numbers of a device; '' for the rest. */
  readonly content: string;
  readonly xattrs: string;
  /** Of a file with several names: the first of them. */
  readonly sameAs: string;
}

export interface Image {
  readonly manifestDigest: string;
  readonly manifest: { readonly mediaType?: string; readonly config: Descriptor; readonly layers: readonly Descriptor[] };
  readonly configDigest: string;
  readonly config: ImageConfig;
  readonly annotations: Readonly<Record<string, string>>;
  /** The root file system that all layers make together, by path. */
  readonly tree: () => ReadonlyMap<string, TreeNode>;
  /** Bytes of one file of it. */
  readonly file: (path: string) => Buffer | undefined;
  /** The entries of one layer's tar, in its order; 0 is the bottom one. */
  readonly layer: (index: number) => readonly TarEntry[];
}

type ReadBlob = (name: string) => Buffer;

/**
 * The image of an OCI layout: a directory or a tar. Every blob that is read is checked against its descriptor, and every
 * layer against its diff ID.
 */
export function openImage(path: string): Image {
  const read = statSync(path).isDirectory() ? (name: string) => readFileSync(join(path, name)) : readerOfTar(path);
  const layout = JSON.parse(read('oci-layout').toString()) as { imageLayoutVersion: string };
  if (layout.imageLayoutVersion !== '1.0.0') throw new Error(`${path}: imageLayoutVersion is ${layout.imageLayoutVersion}`);
  const index = JSON.parse(read('index.json').toString()) as { manifests: Descriptor[] };
  const top = index.manifests[0];
  if (top === undefined) throw new Error(`${path}: index.json names no manifest`);
  const descriptor = descend(top, read);
  const manifest = withLayers(JSON.parse(blob(descriptor, read).toString()) as Image['manifest']);
  const config = withDiffIds(JSON.parse(blob(manifest.config, read).toString()) as ImageConfig);
  if (config.rootfs.diff_ids.length !== manifest.layers.length) throw new Error(`${path}: as many diff IDs as layers expected`);
  let flat: Flat | undefined;
  const flatten = (): Flat => {
    flat ??= flattened(manifest.layers.map((layer, at) => layerBytes(layer, config.rootfs.diff_ids[at] ?? '', read)));
    return flat;
  };
  return {
    manifestDigest: descriptor.digest,
    manifest,
    configDigest: manifest.config.digest,
    config,
    annotations: top.annotations ?? {},
    tree: () => flatten().tree,
    file: (name) => flatten().bytes.get(cleanPath(name)),
    layer: (index) => {
      const layer = manifest.layers[index];
      if (layer === undefined) throw new Error(`${path} has ${manifest.layers.length} layers`);
      return [...readTar(layerBytes(layer, config.rootfs.diff_ids[index] ?? '', read))];
    },
  };
}

/** BuildKit says null where an image has no layers. */
function withLayers(manifest: Image['manifest']): Image['manifest'] {
  return { ...manifest, layers: (manifest.layers as Image['manifest']['layers'] | null) ?? [] };
}

function withDiffIds(config: ImageConfig): ImageConfig {
  return { ...config, rootfs: { ...config.rootfs, diff_ids: (config.rootfs.diff_ids as readonly string[] | null) ?? [] } };
}

/** Some builders wrap the manifest of one platform in an index. */
function descend(descriptor: Descriptor, read: ReadBlob): Descriptor {
  if (!/manifest\.list|image\.index/.test(descriptor.mediaType)) return descriptor;
  const { manifests } = JSON.parse(blob(descriptor, read).toString()) as { manifests: Descriptor[] };
  const first = manifests.find((each) => each.platform?.os !== 'unknown');
  if (first === undefined) throw new Error(`the index ${descriptor.digest} is empty`);
  return descend(first, read);
}

function readerOfTar(path: string): ReadBlob {
  const files = new Map<string, Buffer>();
  for (const entry of readTar(readFileSync(path))) {
    if (entry.type === 'file')
      files.set(entry.path, Buffer.from(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength));
  }
  return (name) => {
    const data = files.get(name);
    if (data === undefined) throw new Error(`${path} has no ${name}`);
    return data;
  };
}

function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function blob(descriptor: Descriptor, read: ReadBlob): Buffer {
  const data = read(`blobs/${descriptor.digest.replace(':', '/')}`);
  if (data.length !== descriptor.size)
    throw new Error(`${descriptor.digest} has ${data.length} bytes, its descriptor says ${descriptor.size}`);
  if (digestOf(data) !== descriptor.digest) throw new Error(`${descriptor.digest} has other bytes than its name says`);
  return data;
}

function layerBytes(descriptor: Descriptor, diffId: string, read: ReadBlob): Buffer {
  const stored = blob(descriptor, read);
  const bytes = uncompressed(stored);
  if (digestOf(bytes) !== diffId) throw new Error(`layer ${descriptor.digest} does not have the diff ID ${diffId}`);
  return bytes;
}

/** By its own first bytes, whatever the media type says. */
function uncompressed(stored: Buffer): Buffer {
  switch (stored.readUInt32BE(0)) {
    case 0x1f8b0800:
      return gunzipSync(stored, { maxOutputLength: 4 * 2 ** 30 });
    case 0x28b52ffd:
      return execFileSync('zstd', ['-dc'], { input: stored, maxBuffer: 4 * 2 ** 30 });
    default:
      return stored;
  }
}

interface Flat {
  readonly tree: Map<string, TreeNode>;
  readonly bytes: Map<string, Buffer>;
}

function flattened(layers: readonly Buffer[]): Flat {
  const tree = new Map<string, TreeNode>();
  const bytes = new Map<string, Buffer>();
  const remove = (path: string, itself: boolean): void => {
    const inside = `${path}/`;
    for (const name of tree.keys()) {
      if ((itself && name === path) || name.startsWith(path === '' ? '' : inside)) {
        tree.delete(name);
        bytes.delete(name);
      }
    }
  };
  for (const layer of layers) {
    const entries = [...readTar(layer)];
    // Whiteouts hide what lies below, never what comes with them.
    for (const { path } of entries) {
      const slash = path.lastIndexOf('/');
      const name = path.slice(slash + 1);
      const parent = slash === -1 ? '' : path.slice(0, slash);
      if (name === '.wh..wh..opq') remove(parent, false);
      else if (name.startsWith('.wh.')) remove(parent === '' ? name.slice(4) : `${parent}/${name.slice(4)}`, true);
    }
    for (const entry of entries) {
      if (/(^|\/)\.wh\.[^/]*$/.test(entry.path)) continue;
      if (entry.type !== 'dir' && tree.get(entry.path)?.type === 'dir') remove(entry.path, true);
      const target = cleanPath(entry.linkName);
      const data =
        entry.type === 'hardlink'
          ? bytes.get(target)
          : Buffer.from(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength);
      const node = entry.type === 'hardlink' ? tree.get(target) : undefined;
      if (entry.type === 'hardlink' && node === undefined)
        throw new Error(`hard link ${entry.path} to ${target}, which is not there`);
      tree.set(entry.path, node === undefined ? nodeOf(entry) : { ...node, sameAs: node.sameAs || target });
      if (entry.type === 'file' || entry.type === 'hardlink') bytes.set(entry.path, data ?? Buffer.alloc(0));
      else bytes.delete(entry.path);
    }
  }
  // The first name of several is the one that sorts first, in whatever order the layer had them.
  const groups = new Map<string, string[]>();
  for (const [path, node] of tree)
    if (node.sameAs !== '') groups.set(node.sameAs, [...(groups.get(node.sameAs) ?? [node.sameAs]), path]);
  for (const names of groups.values()) {
    const first = [...names].sort()[0] ?? '';
    for (const name of names) {
      const node = tree.get(name);
      if (node !== undefined) tree.set(name, { ...node, sameAs: first });
    }
  }
  return { tree, bytes };
}

function nodeOf(entry: ReturnType<typeof readTar> extends Generator<infer E> ? E : never): TreeNode {
  return {
    type: entry.type,
    // A symlink's mode means nothing, and builders disagree about it.
    mode: entry.type === 'symlink' ? '' : entry.mode.toString(8).padStart(4, '0'),
    owner: `${entry.uid}:${entry.gid}`,
    content: entry.type === 'file' ? digestOf(entry.data) : entry.type === 'symlink' ? entry.linkName : entry.device,
    xattrs: JSON.stringify(entry.xattrs),
    sameAs: '',
  };
}
