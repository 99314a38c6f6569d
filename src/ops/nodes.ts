import { SlipwayError } from '../base/index.ts';
import { type FileNode, type LayerId, type Tree } from '../layer/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import { readFileChunks } from '../store/index.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/** The tree that a result shows. */
export function treeOfResult(result: OpResult, state: OpsState): Tree {
  if (result.kind === 'snapshot') return state.treeOf(result.layers);
  const local = state.live.get(result.source);
  if (local === undefined)
    throw new SlipwayError('OPS_NO_CONTEXT', `the context \`${result.source}\` is not open`, { class: 'internal' });
  return local.tree;
}

/** Where the bytes of a file node are: a layer or context, and the path there; or the bytes themselves. */
type NodeBytes =
  | { readonly kind: 'inline'; readonly base64: string }
  | { readonly kind: 'layer'; readonly layer: LayerId; readonly path: string };

function bytesOfNode({ entry, origin }: FileNode): NodeBytes {
  if (entry.content !== undefined) return entry.content;
  if (origin === undefined)
    throw new SlipwayError('OPS_NO_ORIGIN', `\`${entry.path}\` belongs to no layer`, { class: 'internal' });
  return { kind: 'layer', layer: origin, path: entry.path };
}

/** Digest of a file's bytes, wherever they are. Layers must be prepared first: see `prepareToHash`. */
export function digestOfNode(node: FileNode, state: OpsState): Digest {
  if (node.entry.digest !== undefined) return node.entry.digest;
  const bytes = bytesOfNode(node);
  if (bytes.kind === 'inline') return digestOf(Buffer.from(bytes.base64, 'base64'));
  const local = state.live.get(bytes.layer);
  if (local !== undefined) return local.digestOf(bytes.path);
  return state.ports.content.digestOf(bytes.layer, bytes.path);
}

/** Make the bytes of those of these files whose digest isn't known yet readable in place. */
export async function prepareToHash(nodes: Iterable<FileNode>, state: OpsState, signal: AbortSignal): Promise<void> {
  const unhashed: FileNode[] = [];
  for (const node of nodes) if (node.entry.digest === undefined) unhashed.push(node);
  await prepareToRead(unhashed, state, signal);
}

/** Make the bytes of these files readable in place. */
export async function prepareToRead(nodes: Iterable<FileNode>, state: OpsState, signal: AbortSignal): Promise<void> {
  const layers = new Set<LayerId>();
  for (const node of nodes) {
    const bytes = bytesOfNode(node);
    if (bytes.kind === 'layer' && !state.live.has(bytes.layer)) layers.add(bytes.layer);
  }
  for (const layer of layers) await state.ports.content.prepare(layer, signal);
}

/** The content of a file, in chunks. Layers must be prepared first. */
export async function* streamNode(node: FileNode, state: OpsState): AsyncGenerator<Uint8Array> {
  const bytes = bytesOfNode(node);
  if (bytes.kind === 'inline') {
    yield Buffer.from(bytes.base64, 'base64');
    return;
  }
  const local = state.live.get(bytes.layer);
  if (local !== undefined) {
    yield* readFileChunks(local.hostPathOf(bytes.path), 0, node.entry.sizeBytes);
    return;
  }
  const place = state.ports.content.locateAt(bytes.layer, bytes.path);
  if (place.kind === 'bytes') yield place.bytes;
  else yield* readFileChunks(place.path, place.kind === 'range' ? place.offset : 0, node.entry.sizeBytes);
}

/** The whole content of a small file. */
export async function readNode(node: FileNode, state: OpsState): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamNode(node, state)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
