import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { type HostPath, hostPath, SingleFlight, SlipwayError } from '../base/index.ts';
import type { Entry, FileEntry, LayerId } from '../layer/index.ts';
import { fsPath } from '../native/index.ts';
import { createDigester, type Digest } from '../oci/index.ts';
import type { Store } from '../store/index.ts';
import { makeDirectory } from './make-directory.ts';

/** Where the bytes of a file are now. */
type FileBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A whole file of its own, which may be linked to. */
  | { readonly kind: 'file'; readonly path: HostPath }
  /** A stretch of a bigger file. */
  | { readonly kind: 'range'; readonly path: HostPath; readonly offset: number };

/** The bytes of the files of the store's layers, whichever form they are in. */
export interface Content {
  /** The layer's directory form, made when it isn't there yet. */
  ensureDirectory(layer: LayerId, signal: AbortSignal): Promise<HostPath>;
  /** Make sure that `locate` can answer for every file of the layer without further work. */
  prepare(layer: LayerId, signal: AbortSignal): Promise<void>;
  /** Where the bytes of `entry` of `layer` are. Call `prepare` first. */
  locate(layer: LayerId, entry: FileEntry): FileBytes;
  /** Pass on the bytes, in chunks that are valid only until the next one. Call `prepare` first. */
  read(layer: LayerId, entry: FileEntry, onChunk: (chunk: Uint8Array) => void): void;
  /** `locate` for the file `path` of the layer. */
  locateAt(layer: LayerId, path: string): FileBytes;
  /** Digest of the bytes of the file `path`; computed once per process, unless the index has it. Call `prepare` first. */
  digestOf(layer: LayerId, path: string): Digest;
}

const bufferBytes = 1 << 18;

export function createContent(store: Store): Content {
  const flights = new SingleFlight<LayerId, HostPath>();
  const digests = new Map<string, Digest>();
  const paths = new Map<LayerId, Map<string, FileEntry>>();
  const buffer = Buffer.allocUnsafe(bufferBytes);

  const entryOf = (layer: LayerId, path: string): FileEntry => {
    let files = paths.get(layer);
    if (files === undefined) {
      files = new Map();
      for (const entry of store.layers.index(layer).entries) if (entry.type === 'file') files.set(entry.path, entry);
      paths.set(layer, files);
    }
    const entry = files.get(path);
    if (entry === undefined)
      throw new SlipwayError('ROOTFS_NO_FILE', `layer \`${layer}\` has no file \`${path}\``, { class: 'internal' });
    return entry;
  };
  /** Can files be read without making the directory form? */
  const isReadable = (layer: LayerId): boolean => {
    if (store.layers.hasDirectory(layer)) return true;
    const info = store.layers.info(layer);
    return info?.diffId !== undefined && existsSync(store.paths.blob(info.diffId));
  };

  const content: Content = {
    ensureDirectory(layer, signal) {
      if (store.layers.hasDirectory(layer)) return Promise.resolve(store.paths.layerDirectory(layer));
      return flights.run(layer, async () => {
        using _lock = await store.locks.hold(`layer-${layer}`, signal);
        if (!store.layers.hasDirectory(layer)) await makeDirectory(store, content, layer, signal);
        return store.paths.layerDirectory(layer);
      });
    },
    async prepare(layer, signal) {
      const { entries } = store.layers.index(layer);
      const info = store.layers.info(layer);
      for (const ref of info?.refs ?? []) await content.prepare(ref, signal);
      const hasOwn = entries.some((entry) => entry.type === 'file' && entry.content === undefined && entry.sizeBytes > 0);
      if (!hasOwn) return;
      if (!isReadable(layer)) await content.ensureDirectory(layer, signal);
      else if (!store.layers.hasDirectory(layer) && info?.diffId !== undefined && entries.some(isReadUnchecked))
        await store.blobs.check(info.diffId);
    },
    locate(layer, entry) {
      if (entry.content?.kind === 'inline') return { kind: 'bytes', bytes: Buffer.from(entry.content.base64, 'base64') };
      if (entry.content?.kind === 'layer')
        return content.locate(entry.content.layer, entryOf(entry.content.layer, entry.content.path));
      if (entry.sizeBytes === 0) return { kind: 'bytes', bytes: new Uint8Array(0) };
      if (store.layers.hasDirectory(layer))
        return { kind: 'file', path: hostPath(`${store.paths.layerDirectory(layer)}/${entry.path}`) };
      const diffId = store.layers.info(layer)?.diffId;
      if (diffId !== undefined && entry.tarOffset !== undefined)
        return { kind: 'range', path: store.paths.blob(diffId), offset: entry.tarOffset };
      throw new SlipwayError('ROOTFS_NO_FILE', `the bytes of \`${entry.path}\` of layer \`${layer}\` are not in the store`, {
        class: 'internal',
      });
    },
    read(layer, entry, onChunk) {
      const place = content.locate(layer, entry);
      if (place.kind === 'bytes') return onChunk(place.bytes);
      if (place.kind === 'file' && entry.sizeBytes <= bufferBytes) {
        const bytes = readFileSync(fsPath(place.path));
        if (bytes.byteLength !== entry.sizeBytes) throw shortRead(layer, entry);
        return onChunk(bytes);
      }
      const fd = openSync(fsPath(place.path), 'r');
      // Files of a directory form are vouched for by who wrote them; a blob may have been damaged since.
      const digester = place.kind === 'range' && entry.digest !== undefined ? createDigester() : undefined;
      try {
        let at = place.kind === 'range' ? place.offset : 0;
        for (let left = entry.sizeBytes; left > 0; ) {
          const count = readSync(fd, buffer, 0, Math.min(left, bufferBytes), at);
          if (count === 0) throw shortRead(layer, entry);
          digester?.update(buffer.subarray(0, count));
          onChunk(buffer.subarray(0, count));
          at += count;
          left -= count;
        }
      } finally {
        closeSync(fd);
      }
      if (digester !== undefined && digester.digest() !== entry.digest) throw damagedFile(layer, entry);
    },
    locateAt: (layer, path) => content.locate(layer, entryOf(layer, path)),
    digestOf(layer, path) {
      const entry = entryOf(layer, path);
      if (entry.digest !== undefined) return entry.digest;
      const key = `${layer} ${path}`;
      let digest = digests.get(key);
      if (digest === undefined) {
        const digester = createDigester();
        content.read(layer, entry, (chunk) => digester.update(chunk));
        digest = digester.digest();
        digests.set(key, digest);
      }
      return digest;
    },
  };
  return content;
}

/** `read` checks what it reads of a blob; who wants the bytes of a big file takes them where `locate` says they are. */
function isReadUnchecked(entry: Entry): boolean {
  return entry.type === 'file' && entry.content === undefined && (entry.digest === undefined || entry.sizeBytes > bufferBytes);
}

function damagedFile(layer: LayerId, entry: FileEntry): SlipwayError {
  return new SlipwayError('ROOTFS_DAMAGED', `the content of \`${entry.path}\` of layer \`${layer}\` is not what its index says`, {
    class: 'internal',
    hint: '`slipway du --verify` names what is damaged; if this repeats, check the disk',
  });
}

function shortRead(layer: LayerId, entry: FileEntry): SlipwayError {
  return new SlipwayError('ROOTFS_DAMAGED', `\`${entry.path}\` of layer \`${layer}\` is not as long as its index says`, {
    class: 'internal',
    hint: 'something outside of Slipway changed the store; build again with `--no-cache`',
  });
}
