import type { SlipwayError } from '../base/index.ts';
import { engineSettings } from '../engine/index.ts';
import { openStore, repairStore } from '../store/index.ts';
import type { BuildOptions } from './options.ts';

/**
 * Is a damaged store why the build ended with `error`? Then what is damaged is forgotten, and the build may be tried again.
 * Reads the whole store.
 */
export async function repairAfter({ message }: SlipwayError, options: BuildOptions, signal: AbortSignal): Promise<boolean> {
  const store = openStore(engineSettings(options.engine ?? {}, process.env).root);
  const count = await repairStore(store, { signal });
  if (count === 0) return false;
  const things = count === 1 ? 'thing' : 'things';
  options.onEvent?.({
    kind: 'warning',
    code: 'STORE_REPAIRED',
    message: `the store was damaged (${message}): ${count} ${things} forgotten, building again`,
    atMs: Date.now(),
  });
  return true;
}
