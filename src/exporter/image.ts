import type { LayerId } from '../layer/index.ts';
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  printImageConfig,
  printManifest,
} from '../oci/index.ts';
import { assembleImageConfig, type NewHistory } from './image-config.ts';
import { type BlobPorts, ensureBlob, ensureDiffId, type LayerCompression } from './layer-blob.ts';

/** A build's result, before it is written anywhere. */
export interface ImageToExport {
  /** Bottom first. */
  readonly layers: readonly LayerId[];
  /** How many of `layers` are the base image's. */
  readonly base: ImageConfig;
  readonly history: readonly NewHistory[];
}

/** An image whose manifest, config and layer blobs are all in the store. */
export interface ExportedImage {
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
  readonly manifestBytes: Uint8Array;
  readonly configDigest: Digest;
  readonly layers: readonly LayerId[];
  readonly sizeBytes: number;
}

/** Make the image's documents and the blobs that are missing. Layers that have a fitting blob cost nothing. */
export async function exportImage(
  image: ImageToExport,
  compression: LayerCompression,
  ports: BlobPorts & { readonly onLayer?: (done: number, total: number) => void },
): Promise<ExportedImage> {
  const { store } = ports;
  const infos = [];
  for (const layer of image.layers) infos.push(await ensureDiffId(layer, ports));
  const blobs: Descriptor[] = [];
  for (const layer of image.layers) {
    const { mediaType, digest, size } = await ensureBlob(layer, compression, ports);
    blobs.push({ mediaType: ociLayerType(mediaType), digest, size });
    ports.onLayer?.(blobs.length, image.layers.length);
  }
  const config = assembleImageConfig({
    base: image.base,
    history: image.history,
    layers: infos.slice(image.base.diffIds.length),
    now: new Date().toISOString(),
  });
  const configDescriptor = store.blobs.put(mediaTypes.ociConfig, printImageConfig(config));
  const manifest: Manifest = { kind: 'manifest', mediaType: mediaTypes.ociManifest, config: configDescriptor, layers: blobs };
  const manifestBytes = printManifest(manifest);
  const descriptor = store.blobs.put(mediaTypes.ociManifest, manifestBytes);
  return {
    manifest,
    descriptor,
    manifestBytes,
    configDigest: configDescriptor.digest,
    layers: image.layers,
    sizeBytes: infos.reduce((sum, info) => sum + info.sizeBytes, 0),
  };
}

/** A Docker layer type by its OCI name: an OCI manifest should not mix the two. The bytes are the same. */
function ociLayerType(mediaType: string): string {
  switch (mediaType) {
    case mediaTypes.dockerLayer:
      return mediaTypes.ociLayer;
    case mediaTypes.dockerLayerGzip:
      return mediaTypes.ociLayerGzip;
    case mediaTypes.dockerLayerZstd:
      return mediaTypes.ociLayerZstd;
    default:
      return mediaType;
  }
}

/** An image that the store has, with its layers in the compression that is asked for. Its config, and so its ID, stays. */
export async function exportStored(
  stored: { readonly manifest: Descriptor; readonly configDigest: Digest; readonly layers: readonly LayerId[] },
  compression: LayerCompression,
  ports: BlobPorts,
): Promise<ExportedImage> {
  const { store } = ports;
  const blobs: Descriptor[] = [];
  let sizeBytes = 0;
  for (const layer of stored.layers) {
    const { mediaType, digest, size } = await ensureBlob(layer, compression, ports);
    blobs.push({ mediaType: ociLayerType(mediaType), digest, size });
    sizeBytes += store.layers.info(layer)?.sizeBytes ?? 0;
  }
  const config: Descriptor = {
    mediaType: mediaTypes.ociConfig,
    digest: stored.configDigest,
    size: store.blobs.sizeBytes(stored.configDigest),
  };
  const manifest: Manifest = { kind: 'manifest', mediaType: mediaTypes.ociManifest, config, layers: blobs };
  const manifestBytes = printManifest(manifest);
  const descriptor = store.blobs.put(mediaTypes.ociManifest, manifestBytes);
  return { manifest, descriptor, manifestBytes, configDigest: stored.configDigest, layers: stored.layers, sizeBytes };
}
