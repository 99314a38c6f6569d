import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from './store.ts';
import { verifyStore } from './verify.ts';

/** What names a thing that is forgotten is itself broken then, and so on: a key, a layer, a layer that draws bytes from it, a blob. */
const maxPasses = 5;

/**
 * Forget what `verifyStore` finds broken, so that it is made or brought anew. Images stay: their names are the user's.
 * @returns how many things were forgotten
 */
export async function repairStore(store: Store, options: { readonly signal: AbortSignal }): Promise<number> {
  const forgotten = new Set<string>();
  for (let pass = 0; pass < maxPasses; pass++) {
    const problems = await verifyStore(store, options);
    const found = problems.map(({ path }) => path).filter((path) => !path.startsWith('records/image/') && !forgotten.has(path));
    if (found.length === 0) break;
    for (const path of found) {
      const [folder, id] = path.split('/');
      if ((folder === 'index' || folder === 'layers') && id !== undefined) store.records.remove('layer', id);
      // A directory may be mounted by another process; without its layer `slipway prune` takes it.
      if (folder !== 'layers') rmSync(join(store.paths.root, path), { force: true });
      forgotten.add(path);
    }
  }
  return forgotten.size;
}
