import type { Entry, FileEntry, LayerId } from '../layer/index.ts';
import { type Descriptor, type Digest, mediaTypes } from '../oci/index.ts';
import { TarWriter } from '../tar/index.ts';
import type { OpsState } from './ports.ts';
import { splitByEarlier } from './reuse.ts';

/**
 * Make a layer of what a draft gives. Files of other layers stay where they are. Files of a local context are read now, once,
 * straight into the layer's tar: that is the layer's blob, its directory form and its diff ID all follow from it. Unless the layer `earlier` has most of
 * them: then the others make a layer of their own, and the new one says only where the bytes are.
 *
 * @throws {SlipwayError} `SOURCE_CHANGED` a file is not the one that was hashed.
 */
export async function commitEntries(
  drafted: readonly Entry[],
  state: OpsState,
  signal: AbortSignal,
  earlier?: LayerId,
): Promise<LayerId> {
  const { store, now } = state.ports;
  const entries = drafted.map(withLayerXattrs);
  const id = store.layers.newId();
  const createdAt = new Date(now()).toISOString();
  const isLive = (entry: Entry): boolean =>
    entry.type === 'file' && entry.content?.kind === 'layer' && state.live.has(entry.content.layer);
  const split =
    earlier === undefined || !entries.some(isLive) ? undefined : splitByEarlier(entries, { earlier, live: state.live, store });
  if (split !== undefined) {
    const { reused, rest } = split;
    const paths = new Set(rest.map(({ path }) => path));
    const layer =
      rest.length === 0
        ? id
        : await commitEntries(
            entries.filter(({ type, path }) => type === 'dir' || paths.has(path)),
            state,
            signal,
          );
    const graft = (entry: Entry): Entry => {
      if (entry.type !== 'file') return entry;
      return (
        reused.get(entry.path) ??
        (paths.has(entry.path)
          ? { ...entry, digest: digestNow(entry, state), content: { kind: 'layer', layer, path: entry.path } }
          : entry)
      );
    };
    store.layers.commit({ id, createdAt, entries: entries.map(graft) });
  } else if (entries.some(isLive)) {
    const packed = await pack(entries, state, signal);
    store.layers.commit({ id, createdAt, ...packed });
  } else store.layers.commit({ id, createdAt, entries });
  return id;
}

function digestNow({ content }: FileEntry, { live }: OpsState): Digest | undefined {
  return content?.kind === 'layer' ? live.get(content.layer)?.digestOf(content.path) : undefined;
}

const layerXattr = 'security.capability';

/** Of extended attributes a layer keeps file capabilities alone, as the field's tools do: the others belong to a machine. */
function withLayerXattrs(entry: Entry): Entry {
  if (!('xattrs' in entry) || entry.xattrs === undefined) return entry;
  const { xattrs, ...rest } = entry;
  const kept = xattrs[layerXattr];
  return kept === undefined ? rest : { ...rest, xattrs: { [layerXattr]: kept } };
}

interface Packed {
  readonly entries: readonly Entry[];
  readonly diffId: Digest;
  readonly blobs: readonly Descriptor[];
}

async function pack(entries: readonly Entry[], state: OpsState, signal: AbortSignal): Promise<Packed> {
  const { store, content } = state.ports;
  for (const entry of entries) {
    if (entry.type === 'file' && entry.content?.kind === 'layer' && !state.live.has(entry.content.layer))
      await content.prepare(entry.content.layer, signal);
  }
  using writer = store.blobs.create();
  const tar = new TarWriter({ output: (chunk) => writer.write(chunk) });
  const packed: Entry[] = [];
  for (const [index, entry] of entries.entries()) {
    if ((index & 0xff) === 0) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    const tarOffset = tar.writeHeader(entry);
    if (entry.type !== 'file') {
      packed.push(entry);
      continue;
    }
    const onChunk = (chunk: Uint8Array): void => tar.writeContent(chunk);
    const source = entry.content?.kind === 'layer' ? state.live.get(entry.content.layer) : undefined;
    let digest = entry.digest;
    if (source !== undefined && entry.content?.kind === 'layer') {
      source.readFile(entry.content.path, onChunk);
      digest = source.digestOf(entry.content.path);
    } else content.read(id(entry), entry, onChunk);
    const { content: _, ...own } = entry;
    packed.push({ ...own, digest, tarOffset });
  }
  tar.finish();
  const blob = writer.commit(mediaTypes.ociLayer);
  return { entries: packed, diffId: blob.digest, blobs: [blob] };
}

/** A grafted file says itself where its bytes are. */
function id(entry: Entry): LayerId {
  return (entry.type === 'file' && entry.content?.kind === 'layer' ? entry.content.layer : '') as LayerId;
}
