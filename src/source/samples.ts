import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  type Descriptor,
  type Digest,
  descriptorJson,
  descriptorOf,
  digestOf,
  hexOf,
  type Manifest,
  mediaTypes,
  parseImageConfig,
  printManifest,
  type Reference,
} from '../oci/index.ts';
import type { FetchedImage, RegistryClient } from '../registry/index.ts';
import { tarOf } from '../tar/samples.ts';

// Images for tests.

export interface SampleImage {
  readonly tar: Buffer;
  readonly layer: Descriptor;
  readonly diffId: Digest;
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
  /** Manifest, config and layer, by digest. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

export function layerTar(...paths: readonly string[]): Buffer {
  return tarOf(paths.map((path) => ({ type: 'file', path, mode: 0o644, uid: 0, gid: 0, mtimeSec: 1000, sizeBytes: 3000 })));
}

/** An image of one gzip layer that holds the files `paths`. */
export function sampleImage(architecture: string, ...paths: readonly string[]): SampleImage {
  const tar = layerTar(...paths);
  const packed = gzipSync(tar);
  const diffId = digestOf(tar);
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: {},
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }),
  );
  const layer = descriptorOf(mediaTypes.ociLayerGzip, packed);
  const config = descriptorOf(mediaTypes.ociConfig, configBytes);
  const manifest: Manifest = { kind: 'manifest', mediaType: mediaTypes.ociManifest, config, layers: [layer] };
  const manifestBytes = printManifest(manifest);
  const descriptor = descriptorOf(mediaTypes.ociManifest, manifestBytes);
  const blobs = new Map<Digest, Uint8Array>([
    [layer.digest, packed],
    [config.digest, configBytes],
    [descriptor.digest, manifestBytes],
  ]);
  return { tar, layer, diffId, manifest, descriptor, blobs };
}

/** A registry that answers every reference with `image`, and counts what it is asked. */
export class FakeRegistry {
  readonly asked: string[] = [];
  image: SampleImage;

  constructor(image: SampleImage) {
    this.image = image;
  }

  readonly open = (): Promise<RegistryClient> => {
    const refuse = (): never => {
      throw new Error('this registry does not do that');
    };
    return Promise.resolve({
      fetchImage: ({ repository, tag, digest }: Reference): Promise<FetchedImage> => {
        this.asked.push(`image ${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : '@'}`);
        const { descriptor, manifest, blobs } = this.image;
        const config = blobs.get(manifest.config.digest) ?? new Uint8Array();
        const manifestBytes = blobs.get(descriptor.digest) ?? new Uint8Array();
        return Promise.resolve({ descriptor, manifest, manifestBytes, config, imageConfig: parseImageConfig(config) });
      },
      fetchBlob: (_reference: Reference, descriptor: Descriptor) => this.#blob(descriptor),
      resolve: ({ repository, tag }: Reference) => {
        this.asked.push(`resolve ${repository}:${tag}`);
        return Promise.resolve(this.image.descriptor);
      },
      fetchManifest: refuse,
      pushBlob: refuse,
      pushManifest: refuse,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  };

  async *#blob({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    this.asked.push('blob');
    await new Promise(setImmediate);
    const bytes = this.image.blobs.get(digest);
    if (bytes !== undefined) yield bytes;
  }
}

/** Write an OCI layout of `images` into the new folder `path`. */
export function writeLayout(
  path: string,
  images: readonly { readonly image: SampleImage; readonly entry?: Partial<Descriptor> }[],
  more: ReadonlyMap<Digest, Uint8Array> = new Map(),
): void {
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const manifests = images.map(({ image, entry }) => descriptorJson({ ...image.descriptor, ...entry }));
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  for (const [digest, bytes] of [...images.flatMap(({ image }) => [...image.blobs]), ...more]) {
    writeFileSync(join(path, 'blobs/sha256', hexOf(digest)), bytes);
  }
}
