import type { Entry, FileEntry, LayerId } from '../layer/index.ts';
import type { LocalContext } from '../source/index.ts';
import type { Store } from '../store/index.ts';

/** With less to gain, or from more layers, a tar of its own serves a layer better. */
const worthBytes = 1 << 20;
const mostLayers = 32;

export interface Split {
  /** Files of the context whose bytes an earlier layer has: grafts of them. */
  readonly reused: ReadonlyMap<string, FileEntry>;
  /** The others: they have to be read. */
  readonly rest: readonly FileEntry[];
}

/** Takes what a layer is to hold apart; `undefined` when most of it would have to be read anyway. Digests are known by now. */
export function splitByEarlier(
  entries: readonly Entry[],
  {
    earlier,
    live,
    store,
  }: { readonly earlier: LayerId; readonly live: ReadonlyMap<string, LocalContext>; readonly store: Store },
): Split | undefined {
  if (store.layers.info(earlier) === undefined) return undefined;
  const before = new Map(store.layers.index(earlier).entries.map((entry) => [entry.path, entry]));
  const reused = new Map<string, FileEntry>();
  const rest: FileEntry[] = [];
  const sources = new Set<LayerId>();
  let [reusedBytes, restBytes] = [0, 0];
  for (const entry of entries) {
    if (entry.type !== 'file' || entry.content?.kind !== 'layer') continue;
    const digest = live.get(entry.content.layer)?.digestOf(entry.content.path);
    if (digest === undefined) continue;
    const known = before.get(entry.path);
    if (known?.type === 'file' && known.digest === digest && known.sizeBytes === entry.sizeBytes) {
      const content = known.content ?? { kind: 'layer', layer: earlier, path: known.path };
      if (content.kind === 'layer') sources.add(content.layer);
      reused.set(entry.path, { ...entry, digest, content });
      reusedBytes += entry.sizeBytes;
    } else {
      rest.push(entry);
      restBytes += entry.sizeBytes;
    }
  }
  const isWorthIt = reusedBytes >= worthBytes && reusedBytes > restBytes && sources.size <= mostLayers;
  return isWorthIt && [...sources].every((layer) => hasBytes(layer, store)) ? { reused, rest } : undefined;
}

function hasBytes(layer: LayerId, store: Store): boolean {
  const diffId = store.layers.info(layer)?.diffId;
  return store.layers.hasDirectory(layer) || (diffId !== undefined && store.blobs.has(diffId));
}
