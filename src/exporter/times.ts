import type { Entry, LayerId } from '../layer/index.ts';
import { digestOf, hexOf } from '../oci/index.ts';
import type { Store } from '../store/index.ts';

/** `entries` with one time for all; unchanged when there is none. */
export function setTimes(entries: readonly Entry[], mtimeSec: number | undefined): readonly Entry[] {
  return mtimeSec === undefined ? entries : entries.map((entry) => ('mtimeSec' in entry ? { ...entry, mtimeSec } : entry));
}

/**
 * The layer with no time later than `epochSec`: itself, when it has none; else a layer of its own beside it, which is made once, and
 * whose files are those of the other.
 */
export function clampLayer(layer: LayerId, epochSec: number, store: Store): LayerId {
  const { entries } = store.layers.index(layer);
  const early = (entry: Entry): Entry =>
    'mtimeSec' in entry && entry.mtimeSec > epochSec ? { ...entry, mtimeSec: epochSec } : entry;
  if (entries.every((entry) => early(entry) === entry)) return layer;
  const id = hexOf(digestOf(`${layer} no later than ${epochSec}`)).slice(0, 32) as LayerId;
  if (store.layers.info(id) !== undefined) return id;
  const clamped = entries.map((entry) => withBytes(early(entry), layer));
  store.layers.commit({ id, entries: clamped, createdAt: earlier(store.layers.info(layer)?.createdAt, epochSec) });
  return id;
}

/** The entry as one of another layer: it says where its bytes are. */
function withBytes(entry: Entry, layer: LayerId): Entry {
  if (entry.type !== 'file' || entry.content !== undefined) return entry;
  const { tarOffset: _, ...own } = entry;
  return { ...own, content: { kind: 'layer', layer, path: entry.path } };
}

/** RFC 3339, in whole seconds, as times are written that people set. */
export function timeText(epochSec: number): string {
  return new Date(epochSec * 1000).toISOString().replace('.000Z', 'Z');
}

function earlier(time: string | undefined, epochSec: number): string {
  return time !== undefined && Date.parse(time) <= epochSec * 1000 ? time : timeText(epochSec);
}
