import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostPath, hostPath } from '../base/index.ts';
import { openStore, type Store } from './store.ts';

// A store for tests.

export interface ScratchStore extends Disposable {
  /** A folder that holds nothing but the store, in `store`. */
  readonly folder: HostPath;
  readonly store: Store;
  /** The same store as another process has it open. */
  reopen(): Store;
  /** What is half made. */
  ingests(): string[];
}

/** A store in a temporary folder that is gone at the end of the test. */
export function scratchStore(): ScratchStore {
  const folder = hostPath(mkdtempSync(join(tmpdir(), 'slipway-test-')));
  const root = hostPath(join(folder, 'store'));
  const store = openStore(root);
  return {
    folder,
    store,
    reopen: () => openStore(root),
    ingests: () => readdirSync(store.paths.ingest('')),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function* chunksOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
