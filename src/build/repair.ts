import type { SlipwayError } from '../base/index.ts';
import { engineSettings } from '../engine/index.ts';
import { openStore, repairStore } from '../store/index.ts';
import type { BuildOptions } from './options.ts';

/** Who tells of these has forgotten the thing already. */
const forgotten: ReadonlySet<string> = new Set(['STORE_BLOB_DAMAGED', 'LAYER_BAD_INDEX']);

/**
 * Is a damaged store why the build ended with `error`? Then what is damaged is forgotten, and the build may be tried again.
 * Reads the whole store.
 */
export async function repairAfter({ code, message }: SlipwayError, options: BuildOptions, signal: AbortSignal): Promise<boolean> {
  const store = openStore(engineSettings(options.engine ?? {}, process.env).root);
  const count = (await repairStore(store, { signal })) + (forgotten.has(code) ? 1 : 0);
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
