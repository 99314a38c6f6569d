import { recoverStore, type Store } from '../store/index.ts';

/** Tidy up after processes that died without warning: end what they left running, unmount, delete. Loads the sandbox only when there are any. */
export async function recover(store: Store): Promise<void> {
  await recoverStore(store, async (folders) => (await import('../sandbox/index.ts')).endAbandonedRuns(folders));
}
