import type { Entry, FileEntry, LayerId } from '../layer/index.ts';
import { file } from '../layer/samples.ts';
import { type Content, createContent } from '../rootfs/index.ts';
import type { Store } from '../store/index.ts';
import { type ScratchStore, scratchStore } from '../store/scratch-store.ts';
import type { ZstdBlock } from '../tar/index.ts';
import type { BlobPorts } from './layer-blob.ts';

// Layers for tests.

export interface ScratchExport extends ScratchStore {
  readonly content: Content;
  readonly ports: BlobPorts;
  /** Commit a layer of these entries, whose files hold their texts inline. */
  layer(name: string, entries: readonly Entry[]): LayerId;
}

export function scratchExport(): ScratchExport {
  const scratch = scratchStore();
  const content = createContent(scratch.store);
  return {
    ...scratch,
    content,
    ports: portsOf(scratch.store, content),
    layer(name, entries) {
      scratch.store.layers.commit({ id: name as LayerId, entries, createdAt: '2026-01-02T03:04:05Z' });
      return name as LayerId;
    },
  };
}

export function portsOf(store: Store, content: Content = createContent(store)): BlobPorts {
  return { store, content, compressors: { zstd: markedBlock, threads: () => 2 }, signal: new AbortController().signal };
}

/** Stands for zstd: the block with a mark of its level before it. */
export const markedBlock: ZstdBlock = (block, level) => Promise.resolve(Buffer.concat([Buffer.from(`zstd-${level} `), block]));

/** A file that brings its bytes along. */
export function inline(path: string, text: string = path, more: Partial<FileEntry> = {}): FileEntry {
  return { ...file(path, text), content: { kind: 'inline', base64: Buffer.from(text).toString('base64') }, ...more };
}
