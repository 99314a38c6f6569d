import type { LayerId, Tree } from '../layer/index.ts';
import { type Content, entriesBelow } from '../rootfs/index.ts';
import { setTimes } from './times.ts';
import { tarChunks } from './tar-chunks.ts';

interface Options {
  readonly content: Content;
  readonly signal: AbortSignal;
  /** Seconds since 1970: the time of every file. Default: each its own. */
  readonly mtimeSec?: number | undefined;
}

/** Write a root file system as one tar, owners and all. */
export async function writeTreeTar(tree: Tree, write: (chunk: Uint8Array) => Promise<void>, options: Options): Promise<void> {
  const entries = setTimes(entriesBelow(tree.root), options.mtimeSec);
  for await (const chunk of tarChunks(entries, '' as LayerId, options)) await write(chunk);
}
