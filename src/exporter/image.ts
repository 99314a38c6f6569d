import { mapParallel } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type Manifest,
  parseImageConfig,
  printImageConfig,
  printManifest,
} from '../oci/index.ts';
import type { LayerCompression } from './compression.ts';
import { assembleImageConfig, type NewHistory } from './image-config.ts';
import { type BlobPorts, ensureBlob, type WrittenLayer } from './layer-blob.ts';
import { configTypeIn, layerTypeIn, manifestTypeIn, type TypeFamily } from './media-types.ts';
import { clampLayer } from './times.ts';

/** A build's result, before it is written anywhere. */
export interface ImageToExport {
  /** Bottom first. */
  readonly layers: readonly LayerId[];
  readonly base: ImageConfig;
  readonly history: readonly NewHistory[];
}

/** How an image is to be written. */
export interface ImageForm {
  readonly compression: LayerCompression;
  /** Default: `oci`. */
  readonly types?: TypeFamily | undefined;
  /** Keep layers that may not be distributed marked as such. Default: no. */
  readonly keepsForeign?: boolean | undefined;
  /** Seconds since 1970. What the image says of the build's time is no later than this. */
  readonly epochSec?: number | undefined;
  /** Nor are the files of the layers that the build added. Needs `epochSec`. */
  readonly clampsFiles?: boolean | undefined;
  readonly annotations?: {
    readonly manifest: Readonly<Record<string, string>>;
    /** Of the manifest's descriptor in an index above it. */
    readonly descriptor: Readonly<Record<string, string>>;
  };
}

/** An image whose manifest, config and layer blobs are all in the store. */
export interface ExportedImage {
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
  readonly manifestBytes: Uint8Array;
  readonly configDigest: Digest;
  readonly layers: readonly LayerId[];
  readonly sizeBytes: number;
  /** RFC 3339. */
  readonly createdAt: string | undefined;
  /** Where files were given no later time than this: seconds since 1970. */
  readonly latestFileSec?: number | undefined;
}

/** How many layers are written at once; the blocks of each are compressed side by side too. */
const layersAtOnce = 2;

/** Make the image's documents and the blobs that are missing. Layers that have a fitting blob cost nothing. */
export async function exportImage(image: ImageToExport, form: ImageForm, ports: BlobPorts): Promise<ExportedImage> {
  const { store, signal } = ports;
  const { epochSec } = form;
  const baseCount = image.base.diffIds.length;
  const latestFileSec = form.clampsFiles === true ? epochSec : undefined;
  const layers = image.layers.map((layer, index) =>
    latestFileSec !== undefined && index >= baseCount ? clampLayer(layer, latestFileSec, store) : layer,
  );
  const written = await writeLayers(layers, form, ports, signal);
  const config = assembleImageConfig({
    base: image.base,
    history: image.history,
    layers: written.map(({ info }) => info).slice(baseCount),
    now: new Date().toISOString(),
    epochSec,
  });
  const types = form.types ?? 'oci';
  const configDescriptor = store.blobs.put(configTypeIn(types), printImageConfig(config));
  return { ...document(configDescriptor, config, layers, written, form, ports), latestFileSec };
}

/** An image that the store has, with its layers in the compression that is asked for. Its config, and so its ID, stays. */
export async function exportStored(
  stored: { readonly configDigest: Digest; readonly layers: readonly LayerId[] },
  form: ImageForm,
  ports: BlobPorts,
): Promise<ExportedImage> {
  const { store, signal } = ports;
  const written = await writeLayers(stored.layers, form, ports, signal);
  const config: Descriptor = {
    mediaType: configTypeIn(form.types ?? 'oci'),
    digest: stored.configDigest,
    size: store.blobs.sizeBytes(stored.configDigest),
  };
  return document(config, parseImageConfig(store.blobs.read(stored.configDigest)), stored.layers, written, form, ports);
}

interface Written {
  readonly blob: Descriptor;
  readonly info: WrittenLayer;
}

async function writeLayers(
  layers: readonly LayerId[],
  { compression }: ImageForm,
  ports: BlobPorts,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  // One layer may be there twice.
  const distinct = [...new Set(layers)];
  const written = await mapParallel(distinct, layersAtOnce, signal, (layer, inner) =>
    ensureBlob(layer, compression, { ...ports, signal: inner }),
  );
  const byLayer = new Map(distinct.map((layer, index) => [layer, written[index]]));
  return layers.flatMap((layer) => byLayer.get(layer) ?? []);
}

function document(
  config: Descriptor,
  { platform, created }: ImageConfig,
  layers: readonly LayerId[],
  written: readonly Written[],
  { types = 'oci', keepsForeign = false, annotations }: ImageForm,
  { store }: BlobPorts,
): ExportedImage {
  const blobs = written.map(({ blob: { mediaType, digest, size } }) => ({
    mediaType: layerTypeIn(types, mediaType, keepsForeign),
    digest,
    size,
  }));
  const manifest: Manifest = {
    kind: 'manifest',
    mediaType: manifestTypeIn(types),
    config,
    layers: blobs,
    annotations: unlessEmpty(annotations?.manifest),
  };
  const manifestBytes = printManifest(manifest);
  return {
    manifest,
    descriptor: {
      ...store.blobs.put(manifest.mediaType, manifestBytes),
      platform,
      annotations: unlessEmpty(annotations?.descriptor),
    },
    manifestBytes,
    configDigest: config.digest,
    layers,
    sizeBytes: written.reduce((sum, { info }) => sum + info.sizeBytes, 0),
    createdAt: created,
  };
}

function unlessEmpty(record: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> | undefined {
  const sorted = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? undefined : Object.fromEntries(sorted);
}
