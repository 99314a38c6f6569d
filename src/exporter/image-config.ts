import type { HistoryEntry, ImageConfig } from '../oci/index.ts';
import type { LayerInfo } from '../store/index.ts';

/** One history line a build adds; `emptyLayer` is false where the instruction made a layer. */
export interface NewHistory {
  readonly createdBy: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
}

export interface AssembledFrom {
  /** Everything but `created`, `diffIds` and the new history; its `history` and `diffIds` are the base's. */
  readonly base: ImageConfig;
  readonly history: readonly NewHistory[];
  /** The layers the build put on top of the base, bottom first, with their diff IDs known. */
  readonly layers: readonly LayerInfo[];
  /** RFC 3339; used only where nothing else gives a time. */
  readonly now: string;
}

/**
 * The image config of a build's result. Times come from the layers, so that a build that made nothing new gives the same bytes.
 * A line without a layer takes the time of the nearest new layer before it, else of the first new one, else of the base.
 */
export function assembleImageConfig({ base, history, layers, now }: AssembledFrom): ImageConfig {
  const baseTime =
    base.history.findLast((entry) => entry.empty_layer !== true && entry.created)?.created ?? base.history.at(-1)?.created;
  let time = layers[0]?.createdAt ?? baseTime;
  let next = 0;
  const added = history.map((entry): HistoryEntry => {
    if (!entry.emptyLayer) {
      time = layers[next]?.createdAt ?? time;
      next += 1;
    }
    return {
      ...(time === undefined ? {} : { created: time }),
      created_by: entry.createdBy,
      comment: entry.comment,
      ...(entry.emptyLayer ? { empty_layer: true } : {}),
    };
  });
  const diffIds = [...base.diffIds, ...layers.flatMap((layer) => layer.diffId ?? [])];
  const all = fitted([...base.history, ...added], diffIds.length, layers.at(-1)?.createdAt ?? baseTime);
  return { ...base, created: all.at(-1)?.created ?? now, diffIds, history: all };
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
