import { SlipwayError } from '../base/index.ts';
import { type Descriptor, descriptorJson, parseDescriptor } from './descriptor.ts';
import { fieldJson } from './field-json.ts';
import { isIndexType, isManifestType, mediaTypes } from './media-type.ts';

export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Read an image manifest or index out of untrusted bytes. `mediaType` is what the server said, used where the document is silent.
 * @throws {SlipwayError} `OCI_BAD_MANIFEST`, `OCI_UNSUPPORTED_MANIFEST`
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): Manifest | ImageIndex {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch (cause) {
    throw new SlipwayError('OCI_BAD_MANIFEST', 'the manifest is not JSON', { class: 'registry', cause });
  }
  if (typeof raw !== 'object' || raw === null)
    throw new SlipwayError('OCI_BAD_MANIFEST', 'the manifest is not a JSON object', { class: 'registry' });
  if (raw['schemaVersion'] === 1) {
    throw new SlipwayError(
      'OCI_UNSUPPORTED_MANIFEST',
      'the image has a manifest of Docker schema 1, which no current tool writes',
      {
        class: 'registry',
        hint: 'push the image again with a current tool',
      },
    );
  }
  const declared = typeof raw['mediaType'] === 'string' ? raw['mediaType'] : mediaType;
  const annotations = annotationsOf(raw['annotations']);
  if (Array.isArray(raw['manifests']) && (declared === undefined || isIndexType(declared))) {
    return {
      kind: 'index',
      mediaType: declared ?? mediaTypes.ociIndex,
      manifests: raw['manifests'].map(parseDescriptor),
      ...annotations,
    };
  }
  if (Array.isArray(raw['layers']) && raw['config'] !== undefined && (declared === undefined || isManifestType(declared))) {
    return {
      kind: 'manifest',
      mediaType: declared ?? mediaTypes.ociManifest,
      config: parseDescriptor(raw['config']),
      layers: raw['layers'].map(parseDescriptor),
      ...annotations,
    };
  }
  throw new SlipwayError('OCI_BAD_MANIFEST', `not an image manifest or index${declared === undefined ? '' : ` (${declared})`}`, {
    class: 'registry',
  });
}

function annotationsOf(raw: unknown): { annotations?: Record<string, string> } {
  return typeof raw === 'object' && raw !== null ? { annotations: raw as Record<string, string> } : {};
}

/** Indented by two spaces, as the field's tools write manifests. */
export function printManifest(manifest: Manifest | ImageIndex): Uint8Array {
  const body =
    manifest.kind === 'manifest'
      ? {
          schemaVersion: 2,
          mediaType: manifest.mediaType,
          config: descriptorJson(manifest.config),
          layers: manifest.layers.map(descriptorJson),
        }
      : { schemaVersion: 2, mediaType: manifest.mediaType, manifests: manifest.manifests.map(descriptorJson) };
  return fieldJson({ ...body, ...(manifest.annotations ? { annotations: manifest.annotations } : {}) }, 2);
}
