import type { HistoryEntry, ImageConfig } from '../oci/index.ts';
import type { LayerInfo } from '../store/index.ts';
import { timeText } from './times.ts';

/** One history line a build adds; `emptyLayer` is false where the instruction made a layer. */
export interface NewHistory {
  readonly createdBy: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
  /** RFC 3339, where the build sets a time. */
  readonly created?: string | undefined;
}

export interface AssembledFrom {
  /** Everything but `created`, `diffIds` and the new history; its `history` and `diffIds` are the base's. */
  readonly base: ImageConfig;
  readonly history: readonly NewHistory[];
  /** The layers the build put on top of the base, bottom first, with their diff IDs known. */
  readonly layers: readonly LayerInfo[];
  /** RFC 3339; used only where nothing else gives a time. */
  readonly now: string;
  /** Seconds since 1970: no new line says a later time, and each says one. */
  readonly epochSec?: number | undefined;
}

/**
 * The image config of a build's result. Times come from the layers, so that a build that made nothing new gives the same bytes.
 * A line without a layer takes the time of the nearest new layer before it, else of the first new one, else of the base.
 */
export function assembleImageConfig({ base, history, layers, now, epochSec }: AssembledFrom): ImageConfig {
  const baseTime =
    base.history.findLast((entry) => entry.empty_layer !== true && entry.created)?.created ?? base.history.at(-1)?.created;
  let time = layers[0]?.createdAt ?? baseTime;
  let next = 0;
  const added = history.map((entry): HistoryEntry => {
    if (!entry.emptyLayer) {
      time = layers[next]?.createdAt ?? time;
      next += 1;
    }
    const created = entry.created ?? time;
    return {
      ...(created === undefined ? {} : { created }),
      created_by: entry.createdBy,
      comment: entry.comment,
      ...(entry.emptyLayer ? { empty_layer: true } : {}),
    };
  });
  const diffIds = [...base.diffIds, ...layers.flatMap((layer) => layer.diffId ?? [])];
  const all = clamped(
    fitted([...base.history, ...added], diffIds.length, layers.at(-1)?.createdAt ?? baseTime),
    base.history.length,
    epochSec,
  );
  return { ...base, created: all.at(-1)?.created ?? (epochSec === undefined ? now : timeText(epochSec)), diffIds, history: all };
}

/** The base's lines stay as they are. */
function clamped(history: readonly HistoryEntry[], baseCount: number, epochSec: number | undefined): readonly HistoryEntry[] {
  if (epochSec === undefined) return history;
  return history.map((entry, index) => {
    const isLate = entry.created === undefined || Date.parse(entry.created) > epochSec * 1000;
    return index >= baseCount && isLate ? { ...entry, created: timeText(epochSec) } : entry;
  });
}

/** As many lines with a layer as there are layers: base images of some tools have fewer, or more. */
function fitted(history: readonly HistoryEntry[], layerCount: number, created: string | undefined): readonly HistoryEntry[] {
  let found = 0;
  const lines = history.map((entry): HistoryEntry => {
    if (entry.empty_layer === true) return entry;
    found += 1;
    return found <= layerCount ? entry : { ...entry, empty_layer: true };
  });
  for (; found < layerCount; found++) {
    lines.push({ ...(created === undefined ? {} : { created }), comment: 'buildkit.exporter.image.v0' });
  }
  return lines;
}
