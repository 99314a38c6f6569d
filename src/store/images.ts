import { hostPath, type Json } from '../base/index.ts';
import {
  type Descriptor,
  descriptorJson,
  type Digest,
  digestOf,
  familiarReference,
  formatReference,
  hexOf,
  mediaTypes,
  parseDescriptor,
  parseReference,
} from '../oci/index.ts';
import type { LayerId } from '../layer/index.ts';
import type { StorePaths } from './paths.ts';
import { type Records, writeAside } from './records.ts';

/** An image the store has under a name, or under its own digest alone. */
export interface StoredImage {
  /** The full name; absent for an image without one. */
  readonly name?: string | undefined;
  readonly manifest: Descriptor;
  readonly configDigest: Digest;
  /** Bottom first. */
  readonly layers: readonly LayerId[];
  /** RFC 3339. */
  readonly storedAt: string;
}

export interface Images {
  get(name: string): StoredImage | undefined;
  byManifest(digest: Digest): StoredImage | undefined;
  list(): readonly StoredImage[];
  /** Name the image; another image of that name loses it. Writes nothing when this very image has the name already. */
  put(image: StoredImage): void;
  remove(image: StoredImage): void;
}

export function createImages(paths: StorePaths, records: Records): Images {
  const read = (key: string): StoredImage | undefined => parseImage(records.read('image', key));
  const images: Images = {
    get: (name) => read(keyOf({ name })),
    byManifest: (digest) => images.list().find((image) => image.manifest.digest === digest),
    list: () => records.list('image').flatMap((key) => read(key) ?? []),
    put(image) {
      const key = keyOf({ name: image.name, digest: image.manifest.digest });
      const known = read(key);
      if (known !== undefined && isSame(known, image)) return;
      records.write('image', key, imageJson(image));
      writeLayoutIndex(paths, images);
    },
    remove(image) {
      records.remove('image', keyOf({ name: image.name, digest: image.manifest.digest }));
      writeLayoutIndex(paths, images);
    },
  };
  return images;
}

function keyOf(image: { readonly name?: string | undefined; readonly digest?: Digest }): string {
  return hexOf(digestOf(image.name ?? `unnamed ${image.digest ?? ''}`));
}

/** The store is a valid OCI layout: other tools read its images by their short name. @see OCI image-spec, image-layout.md */
function writeLayoutIndex(paths: StorePaths, images: Images): void {
  writeAside(paths, hostPath(`${paths.root}/oci-layout`), '{"imageLayoutVersion":"1.0.0"}', 0o644);
  // Whoever writes last must have seen what all the others recorded.
  let written: string | undefined;
  for (let text = layoutIndex(images.list()); text !== written; text = layoutIndex(images.list())) {
    writeAside(paths, hostPath(`${paths.root}/index.json`), text, 0o644);
    written = text;
  }
}

function layoutIndex(images: readonly StoredImage[]): string {
  const manifests = images.map((image) => ({
    ...descriptorJson(image.manifest),
    ...(image.name === undefined
      ? {}
      : {
          annotations: {
            'io.containerd.image.name': image.name,
            'org.opencontainers.image.ref.name': familiarReference(parseReference(image.name)),
          },
        }),
  }));
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}

function isSame(a: StoredImage, b: StoredImage): boolean {
  return a.manifest.digest === b.manifest.digest && a.configDigest === b.configDigest && a.layers.join() === b.layers.join();
}

/** Normalise a name people wrote. @throws {SlipwayError} `OCI_BAD_REFERENCE` */
export function imageName(text: string): string {
  return formatReference(parseReference(text));
}

function imageJson(image: StoredImage): Json {
  const { mediaType, digest, size } = image.manifest;
  return {
    name: image.name,
    manifest: { mediaType, digest, size },
    configDigest: image.configDigest,
    layers: image.layers,
    storedAt: image.storedAt,
  };
}

function parseImage(json: Json | undefined): StoredImage | undefined {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const raw = json as unknown as Omit<StoredImage, 'manifest'> & { manifest: unknown };
  return { ...raw, manifest: parseDescriptor(raw.manifest) };
}
