import { SlipwayError } from '../base/index.ts';
import { type FileNode, type LayerId, type Tree } from '../layer/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/** The tree that a result shows. */
export function treeOfResult(result: OpResult, state: OpsState): Tree {
  if (result.kind === 'snapshot') return state.treeOf(result.layers);
  const local = state.live.get(result.source);
  if (local === undefined) throw new SlipwayError('OPS_NO_CONTEXT', `the context \`${result.source}\` is not open`, { class: 'internal' });
  return local.tree;
}

/** Where the bytes of a file node are: a layer or context, and the path there; or the bytes themselves. */
export type NodeBytes = { readonly kind: 'inline'; readonly base64: string } | { readonly kind: 'layer'; readonly layer: LayerId; readonly path: string };

export function bytesOfNode({ entry, origin }: FileNode): NodeBytes {
  if (entry.content !== undefined) return entry.content;
  if (origin === undefined) throw new SlipwayError('OPS_NO_ORIGIN', `\`${entry.path}\` belongs to no layer`, { class: 'internal' });
  return { kind: 'layer', layer: origin, path: entry.path };
}

/** Digest of a file's bytes, wherever they are. Layers must be prepared first: see `prepareNodes`. */
export function digestOfNode(node: FileNode, state: OpsState): Digest {
  if (node.entry.digest !== undefined) return node.entry.digest;
  const bytes = bytesOfNode(node);
  if (bytes.kind === 'inline') return digestOf(Buffer.from(bytes.base64, 'base64'));
  const local = state.live.get(bytes.layer);
  if (local !== undefined) return local.digestOf(bytes.path);
  return state.ports.content.digestOf(bytes.layer, bytes.path);
}

/** Make the bytes of these files readable in place. */
export async function prepareNodes(nodes: Iterable<FileNode>, state: OpsState, signal: AbortSignal): Promise<void> {
  const layers = new Set<LayerId>();
  for (const node of nodes) {
    if (node.entry.digest !== undefined) continue;
    const bytes = bytesOfNode(node);
    if (bytes.kind === 'layer' && !state.live.has(bytes.layer)) layers.add(bytes.layer);
  }
  for (const layer of layers) await state.ports.content.prepare(layer, signal);
}

/** The whole content of a file. For small files, and for archives that are about to be extracted. */
export function readNode(node: FileNode, state: OpsState): Buffer {
  const bytes = bytesOfNode(node);
  if (bytes.kind === 'inline') return Buffer.from(bytes.base64, 'base64');
  const chunks: Uint8Array[] = [];
  const onChunk = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
  const local = state.live.get(bytes.layer);
  if (local !== undefined) local.readFile(bytes.path, onChunk);
  else state.ports.content.readAt(bytes.layer, bytes.path, onChunk);
  return Buffer.concat(chunks);
}
