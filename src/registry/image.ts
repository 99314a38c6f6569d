import {
  choosePlatform,
  type Descriptor,
  formatPlatform,
  formatReference,
  type ImageConfig,
  type ImageIndex,
  isIndexType,
  type Manifest,
  mediaTypes,
  parseImageConfig,
  parseManifest,
  type Platform,
  type Reference,
} from '../oci/index.ts';
import { fetchSmallBlob } from './blob-fetch.ts';
import { SlipwayError } from '../base/index.ts';
import { RegistryError } from './failure.ts';
import type { Hosts } from './hosts.ts';
import { type Document, fetchDocument, fetchManifest } from './manifests.ts';

/** An image of one platform, without its layers. All bytes are verified and as the registry sent them. */
export interface FetchedImage {
  /** The manifest of the chosen platform. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  /** What the reference names, when that is an image index. */
  readonly index?: { readonly descriptor: Descriptor; readonly bytes: Uint8Array } | undefined;
  readonly config: Uint8Array;
  readonly imageConfig: ImageConfig;
}

const maxNesting = 4;
/** What config blobs of runnable images are called; the last by tools of the first days. */
const configTypes: ReadonlySet<string> = new Set([mediaTypes.ociConfig, mediaTypes.dockerConfig, 'application/octet-stream']);

/**
 * Resolve, fetch and choose in as few round trips as possible: the tag's document, the platform's manifest if that was an index,
 * the config. A lone manifest is taken whatever its platform; compare `imageConfig.platform`.
 * @throws {RegistryError} `REG_NO_PLATFORM`, `REG_NOT_AN_IMAGE`, or why it could not be had
 */
export async function fetchImage(
  hosts: Hosts,
  reference: Reference,
  platform: Platform,
  signal: AbortSignal,
): Promise<FetchedImage> {
  const top = await fetchDocument(hosts, reference, signal);
  const parsed = readable(reference, () =>
    parseManifest(top.bytes, top.descriptor.mediaType === '' ? undefined : top.descriptor.mediaType),
  );
  const descriptor = { ...top.descriptor, mediaType: parsed.mediaType };
  if (parsed.kind === 'manifest')
    return withConfig(hosts, reference, { descriptor, bytes: top.bytes }, parsed, undefined, signal);
  const chosen = await chooseManifest(hosts, reference, parsed, platform, signal);
  const index = { descriptor, bytes: top.bytes };
  return withConfig(hosts, reference, chosen.document, chosen.manifest, index, signal);
}

interface Chosen {
  readonly document: Document;
  readonly manifest: Manifest;
}

async function chooseManifest(
  hosts: Hosts,
  reference: Reference,
  index: ImageIndex,
  platform: Platform,
  signal: AbortSignal,
): Promise<Chosen> {
  const offered = new Set<string>();
  const search = async (entries: readonly Descriptor[], depth: number): Promise<Chosen | undefined> => {
    const images = entries.filter((entry) => !isAttestation(entry));
    for (const { platform: each } of images) if (each !== undefined) offered.add(formatPlatform(each));
    const best = choosePlatform(
      platform,
      images.map((entry) => (isIndexType(entry.mediaType) ? undefined : entry.platform)),
    );
    const exact = images[best];
    if (exact !== undefined) return fetchChosen(hosts, reference, exact, signal);
    for (const nested of images.filter((entry) => isIndexType(entry.mediaType))) {
      if (depth >= maxNesting) throw notAnImage(reference, `its image indexes are nested more than ${maxNesting} deep`);
      if (nested.platform !== undefined && choosePlatform(platform, [nested.platform]) < 0) continue;
      const bytes = await fetchManifest(hosts, reference, nested, signal);
      const inner = readable(reference, () => parseManifest(bytes, nested.mediaType));
      const found = inner.kind === 'index' ? await search(inner.manifests, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
    // An index of one image that doesn't say what it runs on, as some tools write it.
    const [only, ...others] = images;
    if (only !== undefined && others.length === 0 && only.platform === undefined && !isIndexType(only.mediaType)) {
      return fetchChosen(hosts, reference, only, signal);
    }
    return undefined;
  };
  const found = await search(index.manifests, 1);
  if (found !== undefined) return found;
  const list = offered.size === 0 ? 'it names no platform at all' : `it has ${[...offered].slice(0, 30).join(', ')}`;
  throw new RegistryError(
    'REG_NO_PLATFORM',
    `\`${formatReference(reference)}\` has no image for \`${formatPlatform(platform)}\`: ${list}`,
    {
      hint: 'choose another platform with `--platform`, or another tag',
    },
  );
}

async function fetchChosen(hosts: Hosts, reference: Reference, entry: Descriptor, signal: AbortSignal): Promise<Chosen> {
  const bytes = await fetchManifest(hosts, reference, entry, signal);
  const manifest = readable(reference, () => parseManifest(bytes, entry.mediaType));
  if (manifest.kind !== 'manifest') throw notAnImage(reference, `\`${entry.digest}\` is called a manifest but is an image index`);
  return { document: { descriptor: entry, bytes }, manifest };
}

async function withConfig(
  hosts: Hosts,
  reference: Reference,
  { descriptor, bytes }: Document,
  manifest: Manifest,
  index: Document | undefined,
  signal: AbortSignal,
): Promise<FetchedImage> {
  if (!configTypes.has(manifest.config.mediaType))
    throw notAnImage(reference, `its config is of the type \`${manifest.config.mediaType}\``);
  const config = await fetchSmallBlob(hosts, reference, manifest.config, signal);
  const imageConfig = readable(reference, () => parseImageConfig(config));
  const [layers, diffIds] = [manifest.layers.length, imageConfig.diffIds.length];
  if (layers !== diffIds) throw notAnImage(reference, `its manifest has ${layers} layers, its config ${diffIds} diff IDs`);
  return { descriptor, manifest, manifestBytes: bytes, config, imageConfig, ...(index === undefined ? {} : { index }) };
}

/** A document that `parse` refuses is told with the image it belongs to. */
function readable<T>(reference: Reference, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof SlipwayError)) throw cause;
    throw new RegistryError(cause.code, `cannot use \`${formatReference(reference)}\`: ${cause.message}`, {
      cause,
      hint: cause.hint,
    });
  }
}

/** Provenance and SBOM documents stand in an index beside the images. */
function isAttestation(entry: Descriptor): boolean {
  return entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' || entry.platform?.os === 'unknown';
}

function notAnImage(reference: Reference, why: string): RegistryError {
  return new RegistryError('REG_NOT_AN_IMAGE', `\`${formatReference(reference)}\` is not a container image: ${why}`);
}
