import {
  createDigester,
  type Descriptor,
  type Digest,
  hexOf,
  type ImageConfig,
  type Manifest,
  parseImageConfig,
  parseManifest,
} from '../../oci/index.ts';
import { createTarParser, decompressed, type TarMember } from '../../tar/index.ts';
import type { ArchiveFiles } from '../archive-files.ts';

/** A file of a layer's tar, and the digest of its content. */
export interface LayerMember extends TarMember {
  readonly content: Digest | undefined;
}

export interface ImageDocuments {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/** What a layer's blob really holds. */
export interface ReadLayer {
  /** Of the uncompressed tar. */
  readonly diffId: Digest;
  readonly members: readonly LayerMember[];
}

export function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** The manifest and config behind `descriptor`; what they name was not looked at yet. @throws {SlipwayError} `BUILD_BAD_ARCHIVE`, `OCI_…` */
export function readDocuments(files: ArchiveFiles, descriptor: Descriptor): ImageDocuments | undefined {
  const bytes = files.read(blobName(descriptor.digest));
  const manifest = bytes === undefined ? undefined : parseManifest(bytes, descriptor.mediaType);
  if (manifest?.kind !== 'manifest') return undefined;
  const config = files.read(blobName(manifest.config.digest));
  return config === undefined ? undefined : { manifest, config: parseImageConfig(config) };
}

/** Size and digest of a blob's bytes; `undefined` when it is not there. */
export async function digestOfBlob(
  files: ArchiveFiles,
  digest: Digest,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly digest: Digest } | undefined> {
  if (!files.has(blobName(digest))) return undefined;
  const digester = createDigester();
  let sizeBytes = 0;
  for await (const chunk of files.open(blobName(digest))) {
    signal.throwIfAborted();
    digester.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, digest: digester.digest() };
}

/** Read a layer whole: what it unpacks to, and every file in it. @throws {SlipwayError} `BUILD_BAD_ARCHIVE`, `TAR_…` */
export async function readLayer(files: ArchiveFiles, digest: Digest, signal: AbortSignal): Promise<ReadLayer> {
  const plain = createDigester();
  const members: LayerMember[] = [];
  let content = createDigester();
  const parser = createTarParser({
    onMember: () => {
      content = createDigester();
    },
    onData: (chunk) => content.update(chunk),
    onEnd: (member) => members.push({ ...member, content: member.type === 'file' ? content.digest() : undefined }),
  });
  for await (const chunk of decompressed(files.open(blobName(digest)))) {
    signal.throwIfAborted();
    plain.update(chunk);
    parser.write(chunk);
  }
  parser.end();
  return { diffId: plain.digest(), members };
}
