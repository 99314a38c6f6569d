import { mkdirSync } from 'node:fs';
import { hostPath, SlipwayError } from '../base/index.ts';
import { type Entry, type LayerId } from '../layer/index.ts';
import { layerCompression } from '../oci/index.ts';
import { createIngest, type Store } from '../store/index.ts';
import { decompress } from '../tar/index.ts';
import type { Content } from './content.ts';
import { unpackStream } from './unpack-stream.ts';
import { writeDirectory } from './write-directory.ts';

/** Make the directory form of `layer`: by links and copies where its bytes can be read in place, else by unpacking its blob. */
export async function makeDirectory(store: Store, content: Content, layer: LayerId, signal: AbortSignal): Promise<void> {
  const { entries } = store.layers.index(layer);
  using ingest = createIngest(store.paths);
  const directory = ingest.child('d');
  mkdirSync(directory, 0o755);
  const packed = needsUnpacking(store, layer, entries);
  if (packed) {
    const info = store.layers.info(layer);
    const blob = info?.blobs.find(({ digest }) => store.blobs.has(digest));
    const compression = blob === undefined ? undefined : layerCompression(blob.mediaType);
    if (blob === undefined || compression === undefined) throw noBytes(layer);
    await unpackStream(entries, directory, decompress(store.blobs.stream(blob.digest), compression), signal);
  } else {
    await content.prepare(layer, signal);
    await checkBlobs(store, layer);
    // Two files of one layer must not become one inode unless the layer says so.
    const linked = new Set<string>();
    writeDirectory(entries, directory, {
      openFile(entry) {
        const place = content.locate(layer, entry);
        switch (place.kind) {
          case 'bytes':
            return place;
          case 'file':
            if (linked.has(place.path)) return { kind: 'copy', path: place.path, sizeBytes: entry.sizeBytes };
            linked.add(place.path);
            return { kind: 'link', path: place.path };
          case 'range':
            return { kind: 'copy', path: place.path, offset: place.offset, sizeBytes: entry.sizeBytes };
        }
      },
    });
  }
  store.layers.addDirectory(layer, hostPath(directory));
}

/** The tars that the bytes are copied out of: what is linked into many directories must not come from a damaged one. */
async function checkBlobs(store: Store, layer: LayerId): Promise<void> {
  for (const id of [layer, ...(store.layers.info(layer)?.refs ?? [])]) {
    const diffId = store.layers.info(id)?.diffId;
    if (!store.layers.hasDirectory(id) && diffId !== undefined && store.blobs.has(diffId)) await store.blobs.check(diffId);
  }
}

/** The layer has files of its own, and only a compressed blob holds them. */
function needsUnpacking(store: Store, layer: LayerId, entries: readonly Entry[]): boolean {
  const diffId = store.layers.info(layer)?.diffId;
  if (diffId !== undefined && store.blobs.has(diffId)) return false;
  return entries.some((entry) => entry.type === 'file' && entry.content === undefined && entry.sizeBytes > 0);
}

function noBytes(layer: LayerId): SlipwayError {
  return new SlipwayError('ROOTFS_NO_FILE', `the bytes of layer \`${layer}\` are not in the store`, {
    class: 'internal',
    hint: 'something outside of Slipway removed them; build again with `--no-cache`',
  });
}
