import type { LayerId, Tree } from '../layer/index.ts';
import { type Content, entriesBelow } from '../rootfs/index.ts';
import { TarWriter } from '../tar/index.ts';
import { writeContent } from './write-content.ts';

interface Ports {
  readonly content: Content;
  readonly signal: AbortSignal;
}

/** Write a root file system as one tar, owners and all. */
export async function writeTreeTar(
  tree: Tree,
  write: (chunk: Uint8Array) => Promise<void>,
  { content, signal }: Ports,
): Promise<void> {
  let pending: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    const chunks = pending;
    pending = [];
    for (const chunk of chunks) await write(chunk);
  };
  const tar = new TarWriter({ output: (chunk) => void pending.push(Buffer.from(chunk)) });
  const entries = entriesBelow(tree.root);
  const layers = new Set<LayerId>();
  for (const entry of entries) if (entry.type === 'file' && entry.content?.kind === 'layer') layers.add(entry.content.layer);
  for (const layer of layers) await content.prepare(layer, signal);
  for (const entry of entries) {
    signal.throwIfAborted();
    tar.writeHeader(entry);
    if (entry.type === 'file') await writeContent(tar, content, '' as LayerId, entry, flush);
    if (pending.length > 0) await flush();
  }
  tar.finish();
  await flush();
}
