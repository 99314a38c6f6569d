import { readdirSync } from 'node:fs';
import type { LayerId } from '../layer/index.ts';
import { type Digest, hexOf } from '../oci/index.ts';
import { type Inventory, notedAt } from './inventory.ts';
import type { Store } from './store.ts';

export interface LeftOver {
  readonly name: string;
  readonly path: string;
  readonly noted: number;
  readonly part: 'blob' | 'directory' | 'index';
}

/** Blobs, directories and indexes that no record and no manifest names. */
export function leftOvers(store: Store, { layers, manifests, blobs }: Inventory): readonly LeftOver[] {
  const named = new Set<Digest>([...manifests.values()].flatMap((manifest) => [manifest.digest, ...manifest.blobs]));
  for (const layer of layers.values()) for (const { digest } of layer.blobs) named.add(digest);
  for (const { diffId } of layers.values()) if (diffId !== undefined) named.add(diffId);
  const found: LeftOver[] = [];
  for (const [digest, { noted }] of blobs)
    if (!named.has(digest)) found.push({ name: hexOf(digest).slice(0, 32), path: store.paths.blob(digest), noted, part: 'blob' });
  const add = (part: 'directory' | 'index', pathOf: (id: LayerId) => string): void => {
    for (const name of readdirSync(pathOf('' as LayerId))) {
      const path = pathOf(name as LayerId);
      const noted = layers.has(name as LayerId) ? undefined : notedAt(path);
      if (noted !== undefined) found.push({ name, path, noted, part });
    }
  };
  add('directory', store.paths.layerHome);
  add('index', store.paths.layerIndex);
  return found;
}
