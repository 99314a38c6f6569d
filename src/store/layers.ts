import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { type HostPath, isNotFound, type Json, SlipwayError } from '../base/index.ts';
import { decodeIndex, type Entry, encodeIndex, type LayerId, type LayerIndex } from '../layer/index.ts';
import { type Descriptor, type Digest, hexOf, isDigest } from '../oci/index.ts';
import type { StorePaths } from './paths.ts';
import { type Records, writeAside } from './records.ts';

/** A blob form of a layer. */
export interface LayerBlob extends Descriptor {
  /** How it was made here, such as `gzip-5`; absent: it is the plain tar, or it came so. */
  readonly made?: string | undefined;
}

/** What the store knows of a layer beside its index. */
export interface LayerInfo {
  readonly id: LayerId;
  /** Digest of the uncompressed tar; absent until somebody needed it. */
  readonly diffId?: Digest | undefined;
  /** Digest of the content without times; absent until somebody needed it. */
  readonly contentDigest?: Digest | undefined;
  /** The blob forms there are. The uncompressed tar, where present, is the blob named by `diffId`. */
  readonly blobs: readonly LayerBlob[];
  /** When its op finished, RFC 3339; what the history of images says. */
  readonly createdAt: string;
  /** Bytes of its files. */
  readonly sizeBytes: number;
  /** Layers that hold bytes of this one's files. */
  readonly refs: readonly LayerId[];
}

export interface NewLayer {
  readonly id: LayerId;
  readonly entries: readonly Entry[];
  readonly createdAt: string;
  readonly diffId?: Digest;
  readonly contentDigest?: Digest;
  readonly blobs?: readonly Descriptor[];
  /** A finished directory form in an ingest; it is moved. */
  readonly directory?: HostPath;
}

export interface Layers {
  newId(): LayerId;
  info(id: LayerId): LayerInfo | undefined;
  /** A layer whose index is missing or damaged is forgotten, so that it is made again. @throws {SlipwayError} `STORE_LAYER_MISSING`, `LAYER_BAD_INDEX` */
  index(id: LayerId): LayerIndex;
  /** The layer that was pulled or exported with this diff ID; its use is noted. */
  byDiffId(diffId: Digest): LayerId | undefined;
  hasDirectory(id: LayerId): boolean;
  /** Make the layer known. Idempotent for the same id. The record that names it is written last. */
  commit(layer: NewLayer): LayerInfo;
  /** Move a finished directory form into place. */
  addDirectory(id: LayerId, directory: HostPath): void;
  /** Note a further blob form, the diff ID, or the content digest. */
  addForms(
    id: LayerId,
    forms: { readonly diffId?: Digest; readonly contentDigest?: Digest; readonly blob?: LayerBlob },
  ): LayerInfo;
}

/** The id of the layer that was pulled with this diff ID: the same on every machine. */
export function layerIdOfDiff(diffId: Digest): LayerId {
  return hexOf(diffId).slice(0, 32) as LayerId;
}

export function createLayers(paths: StorePaths, records: Records): Layers {
  const infos = new Map<LayerId, LayerInfo>();
  const indexes = new Map<LayerId, LayerIndex>();
  const write = (info: LayerInfo): LayerInfo => {
    records.write('layer', info.id, infoJson(info));
    if (info.diffId !== undefined) records.write('diff', hexOf(info.diffId), info.id);
    infos.set(info.id, info);
    return info;
  };
  const layers: Layers = {
    newId: () => randomBytes(16).toString('hex') as LayerId,
    info(id) {
      const known = infos.get(id);
      if (known !== undefined) return known;
      const info = parseInfo(id, records.read('layer', id));
      if (info !== undefined) infos.set(id, info);
      return info;
    },
    index(id) {
      const known = indexes.get(id);
      if (known !== undefined) return known;
      try {
        const index = decodeIndex(readFileSync(paths.layerIndex(id)));
        indexes.set(id, index);
        return index;
      } catch (error) {
        records.remove('layer', id);
        infos.delete(id);
        if (isNotFound(error)) throw missing(id);
        throw error;
      }
    },
    byDiffId(diffId) {
      const id = records.read('diff', hexOf(diffId));
      if (typeof id !== 'string' || layers.info(id as LayerId) === undefined) return undefined;
      return records.touch('layer', id) ? (id as LayerId) : undefined;
    },
    hasDirectory: (id) => existsSync(paths.layerDirectory(id)),
    commit(layer) {
      if (layer.directory !== undefined) layers.addDirectory(layer.id, layer.directory);
      const index: LayerIndex = { id: layer.id, entries: layer.entries };
      writeAside(paths, paths.layerIndex(layer.id), encodeIndex(index));
      indexes.set(layer.id, index);
      const refs = new Set<LayerId>();
      let sizeBytes = 0;
      for (const entry of layer.entries) {
        if (entry.type !== 'file') continue;
        sizeBytes += entry.sizeBytes;
        if (entry.content?.kind === 'layer') refs.add(entry.content.layer);
      }
      return write({
        id: layer.id,
        diffId: layer.diffId,
        contentDigest: layer.contentDigest,
        blobs: layer.blobs ?? [],
        createdAt: layer.createdAt,
        sizeBytes,
        refs: [...refs].sort(),
      });
    },
    addDirectory(id, directory) {
      mkdirSync(paths.layerHome(id), { recursive: true, mode: 0o700 });
      try {
        renameSync(directory, paths.layerDirectory(id));
      } catch (error) {
        if (!layers.hasDirectory(id)) throw error;
      }
    },
    addForms(id, { diffId, contentDigest, blob }) {
      // Another process may have added forms since this one looked.
      const info = parseInfo(id, records.read('layer', id));
      if (info === undefined) throw missing(id);
      const blobs =
        blob === undefined || info.blobs.some((known) => known.digest === blob.digest) ? info.blobs : [...info.blobs, blob];
      return write({ ...info, diffId: diffId ?? info.diffId, contentDigest: contentDigest ?? info.contentDigest, blobs });
    },
  };
  return layers;
}

function missing(id: LayerId): SlipwayError {
  return new SlipwayError('STORE_LAYER_MISSING', `the store has no layer \`${id}\``, {
    class: 'internal',
    hint: 'something outside of Slipway removed it; build again',
  });
}

function infoJson(info: LayerInfo): Json {
  return {
    diffId: info.diffId,
    contentDigest: info.contentDigest,
    blobs: info.blobs.map(({ mediaType, digest, size, made }) => ({ mediaType, digest, size, made })),
    createdAt: info.createdAt,
    sizeBytes: info.sizeBytes,
    refs: info.refs,
  };
}

function parseInfo(id: LayerId, json: Json | undefined): LayerInfo | undefined {
  if (json === undefined || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const { diffId, contentDigest, blobs, createdAt, sizeBytes, refs } = json as {
    diffId?: string;
    contentDigest?: string;
    blobs: readonly { mediaType: string; digest: Digest; size: number; made?: string }[];
    createdAt: string;
    sizeBytes: number;
    refs: readonly LayerId[];
  };
  const digest = (text: string | undefined): Digest | undefined => (text !== undefined && isDigest(text) ? text : undefined);
  return { id, diffId: digest(diffId), contentDigest: digest(contentDigest), blobs, createdAt, sizeBytes, refs };
}
