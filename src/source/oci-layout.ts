import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hostPath, isNotFound, SlipwayError } from '../base/index.ts';
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  hexOf,
  isDigest,
  isIndexType,
  type Manifest,
  mediaTypes,
  parseManifest,
  type Platform,
} from '../oci/index.ts';
import { readFileChunks } from '../store/index.ts';

/** An image of one platform in an OCI layout on disk. */
export interface LayoutImage {
  /** Of the layout; absolute. */
  readonly path: string;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly config: Uint8Array;
}

/** How deep image indexes may name image indexes. */
const maxNesting = 8;

/**
 * Find the image that `location`, written `path[:tag][@sha256:…]`, means.
 * @throws {SlipwayError} `SOURCE_NO_LAYOUT`, `SOURCE_NOT_IN_LAYOUT`, `SOURCE_NO_PLATFORM`, `OCI_…`
 */
export function openLayout(location: string, platform: Platform): LayoutImage {
  const { path, tag, digest } = parseLayoutLocation(location);
  const read = (want: Descriptor): Uint8Array => readLayoutBlob(path, want.digest);
  let descriptor: Descriptor = digest === undefined ? findInLayout(path, tag, platform) : { mediaType: '', digest, size: 0 };
  let manifest = parseManifest(read(descriptor), descriptor.mediaType === '' ? undefined : descriptor.mediaType);
  for (let depth = 0; manifest.kind === 'index'; depth++) {
    const chosen = chooseManifest(manifest.manifests, platform);
    if (chosen === undefined || depth > maxNesting) throw noPlatform(location, platform);
    descriptor = chosen;
    manifest = parseManifest(read(chosen), isIndexType(chosen.mediaType) ? chosen.mediaType : undefined);
  }
  return { path, descriptor, manifest, manifestBytes: read(descriptor), config: read(manifest.config) };
}

function parseLayoutLocation(location: string): {
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
} {
  const at = location.lastIndexOf('@sha256:');
  const after = at < 0 ? undefined : location.slice(at + 1);
  if (after !== undefined && !isDigest(after)) throw new SlipwayError('OCI_BAD_DIGEST', `\`${after}\` is not a sha256 digest`);
  const rest = at < 0 ? location : location.slice(0, at);
  const match = /^(.*?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/.exec(rest);
  return { path: resolve(match?.[1] ?? rest), tag: match?.[2], digest: after };
}

/** An image that doesn't say what it runs on is taken where there is no other. */
function chooseManifest(manifests: readonly Descriptor[], platform: Platform): Descriptor | undefined {
  const index = choosePlatform(
    platform,
    manifests.map((each) => each.platform),
  );
  const [only, ...others] = manifests;
  return manifests[index] ?? (only?.platform === undefined && others.length === 0 ? only : undefined);
}

function findInLayout(path: string, tag: string | undefined, platform: Platform): Descriptor {
  const index = parseManifest(readLayoutFile(path, 'index.json'), mediaTypes.ociIndex);
  const manifests = index.kind === 'index' ? index.manifests : [];
  const wanted = tag ?? 'latest';
  const named = manifests.filter(({ annotations }) => {
    const short = annotations?.['org.opencontainers.image.ref.name'];
    const full = annotations?.['io.containerd.image.name'];
    return short === wanted || short?.endsWith(`:${wanted}`) === true || full?.endsWith(`:${wanted}`) === true;
  });
  // Some tools give the images of several platforms one tag, rather than an index of their own.
  const chosen =
    named.length > 1
      ? chooseManifest(named, platform)
      : (named[0] ?? (tag === undefined && manifests.length === 1 ? manifests[0] : undefined));
  if (chosen !== undefined) return chosen;
  if (named.length > 1) throw noPlatform(`${path}:${wanted}`, platform);
  const names = manifests.flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? []);
  throw new SlipwayError('SOURCE_NOT_IN_LAYOUT', `the OCI layout \`${path}\` has no image tagged \`${wanted}\``, {
    hint:
      names.length === 0
        ? 'name one by its digest: oci-layout://PATH@sha256:…'
        : `it has ${names.map((name) => `\`${name}\``).join(', ')}`,
  });
}

function readLayoutBlob(path: string, digest: Digest): Uint8Array {
  const bytes = readLayoutFile(path, `blobs/sha256/${hexOf(digest)}`);
  if (digestOf(bytes) !== digest) {
    throw new SlipwayError(
      'OCI_DIGEST_MISMATCH',
      `content of \`${digest}\` in \`${path}\` has the digest \`${digestOf(bytes)}\``,
      { class: 'registry' },
    );
  }
  return bytes;
}

/** The bytes of a layer of the layout at `path`, unchecked. @throws {SlipwayError} `SOURCE_NO_LAYOUT` while iterating */
export async function* readLayoutLayer(path: string, digest: Digest): AsyncGenerator<Uint8Array> {
  const name = `blobs/sha256/${hexOf(digest)}`;
  try {
    yield* readFileChunks(hostPath(join(path, name)));
  } catch (error) {
    throw isNotFound(error) ? notWhole(path, name, error) : error;
  }
}

function readLayoutFile(path: string, name: string): Buffer {
  try {
    return readFileSync(join(path, name));
  } catch (error) {
    throw isNotFound(error) ? notWhole(path, name, error) : error;
  }
}

function notWhole(path: string, name: string, cause: unknown): SlipwayError {
  return new SlipwayError('SOURCE_NO_LAYOUT', `\`${path}\` is not a whole OCI layout: it has no \`${name}\``, { cause });
}

function noPlatform(name: string, platform: Platform): SlipwayError {
  return new SlipwayError('SOURCE_NO_PLATFORM', `\`${name}\` has no image for ${formatPlatform(platform)}`, {
    class: 'registry',
  });
}
