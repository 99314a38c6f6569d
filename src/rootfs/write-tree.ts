import type { HostPath } from '../base/index.ts';
import { type Entry, graftEntry, type LayerId, type TreeNode, walkTree } from '../layer/index.ts';
import type { Content } from './content.ts';
import { writeDirectory } from './write-directory.ts';

export interface WriteTreeOptions {
  readonly content: Content;
  readonly signal: AbortSignal;
  /** For origins that are no layers: where the file is on the host. */
  readonly liveFile?: (origin: LayerId, path: string) => HostPath | undefined;
  /** Leave out what is not chosen; a directory that is left out is left out with all below. */
  readonly isChosen?: (path: string, node: TreeNode) => boolean;
}

/** What is below a directory of a merged tree, as entries that say where their bytes are. Owner and mode of the directory come first. */
export function entriesBelow(from: TreeNode, isChosen: (path: string, node: TreeNode) => boolean = () => true): Entry[] {
  const entries: Entry[] = [];
  if (from.entry.type === 'dir') entries.push({ ...from.entry, path: '' });
  const firstNames = new Map<TreeNode, string>();
  for (const { path, node } of walkTree(from)) {
    if (!isChosen(path, node)) continue;
    const first = node.children === undefined ? firstNames.get(node) : undefined;
    if (first !== undefined) entries.push({ type: 'hardlink', path, target: first });
    else {
      firstNames.set(node, path);
      entries.push(graftEntry(node, path));
    }
  }
  return entries;
}

/** Write what is below a directory of a merged tree into the empty directory `dest`, owners and times included. */
export async function writeTree(from: TreeNode, dest: HostPath, options: WriteTreeOptions): Promise<void> {
  const { content, signal, liveFile } = options;
  const entries = entriesBelow(from, options.isChosen);
  const layers = new Set<LayerId>();
  for (const entry of entries) {
    if (
      entry.type === 'file' &&
      entry.content?.kind === 'layer' &&
      liveFile?.(entry.content.layer, entry.content.path) === undefined
    )
      layers.add(entry.content.layer);
  }
  for (const layer of layers) await content.prepare(layer, signal);
  writeDirectory(entries, dest, {
    openFile(entry) {
      const live = entry.content?.kind === 'layer' ? liveFile?.(entry.content.layer, entry.content.path) : undefined;
      if (live !== undefined) return { kind: 'copy', path: live, sizeBytes: entry.sizeBytes };
      const place = content.locate('' as LayerId, entry);
      switch (place.kind) {
        case 'bytes':
          return place;
        case 'file':
          return { kind: 'copy', path: place.path, sizeBytes: entry.sizeBytes };
        case 'range':
          return { kind: 'copy', path: place.path, offset: place.offset, sizeBytes: entry.sizeBytes };
      }
    },
  });
}
