import type { LayerId } from '../layer/index.ts';
import type { LayerInfo } from './layers.ts';

/** `wanted` and every layer that these draw bytes from, which come first. */
export function neededLayers(
  wanted: Iterable<LayerId>,
  layers: ReadonlyMap<LayerId, Pick<LayerInfo, 'refs'>>,
): ReadonlySet<LayerId> {
  const needed = new Set<LayerId>();
  const visit = (id: LayerId): void => {
    if (needed.has(id) || onWay.has(id)) return;
    onWay.add(id);
    for (const ref of layers.get(id)?.refs ?? []) visit(ref);
    needed.add(id);
  };
  const onWay = new Set<LayerId>();
  for (const id of wanted) visit(id);
  return needed;
}
