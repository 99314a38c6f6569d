import { rootfsPath, SlipwayError } from '../base/index.ts';
import type { ExecOp, FileAction, Mount, Vertex } from '../graph/index.ts';
import {
  copySourceDigest,
  filesOfCopy,
  type FileNode,
  isFileNode,
  type LayerId,
  layerContentDigest,
  notFound,
  resolve,
  treeDigest,
  walkTree,
} from '../layer/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import { type KeyPart, keyOf } from '../solver/index.ts';
import { digestOfNode, prepareToHash, treeOfResult } from './nodes.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/**
 * Digest of what `vertex` really takes from its input `index`: the files that a copy selects, the part that a mount shows, or, where it
 * builds on the input, the content of all its layers. Times don't count.
 */
export async function contentKey(
  vertex: Vertex,
  index: number,
  result: OpResult,
  state: OpsState,
  signal: AbortSignal,
): Promise<Digest> {
  const parts: KeyPart[] = [];
  const stack = async (): Promise<void> => void parts.push({ name: 'stack', value: await stackDigest(result, state, signal) });
  switch (vertex.op.kind) {
    case 'source':
      break;
    case 'exec':
      for (const mount of mountsOf(vertex.op, index)) {
        if (mount.dest === '/') await stack();
        else parts.push({ name: mount.dest, value: await shownDigest(mount, result, state, signal) });
      }
      break;
    case 'file':
      for (const [position, action] of vertex.op.actions.entries()) {
        if (action.input === index || takesNamesFrom(action, index)) await stack();
        if (action.action === 'copy' && action.secondaryInput === index)
          parts.push({ name: `copy ${position}`, value: await copiedDigest(action, result, state, signal) });
      }
      break;
    case 'merge':
    case 'diff':
      await stack();
      break;
  }
  return keyOf('content', parts);
}

type ShownMount = Extract<Mount, { readonly input: number }>;

function mountsOf(op: ExecOp, index: number): readonly ShownMount[] {
  return op.mounts.filter(
    (mount): mount is ShownMount => (mount.type === 'bind' || mount.type === 'cache') && mount.input === index,
  );
}

function takesNamesFrom(action: FileAction, index: number): boolean {
  if (action.action === 'rm' || action.owner === undefined) return false;
  return [action.owner.user, action.owner.group].some((owner) => owner?.kind === 'name' && owner.input === index);
}

async function copiedDigest(
  action: Extract<FileAction, { action: 'copy' }>,
  result: OpResult,
  state: OpsState,
  signal: AbortSignal,
): Promise<Digest> {
  const tree = treeOfResult(result, state);
  const files = explaining(result, action.src, state, () => filesOfCopy(tree, action));
  await prepareToHash(files, state, signal);
  return copySourceDigest(tree, action, (node) => digestOfNode(node, state));
}

/** A file that the ignore file hides is missing for a reason that the user wants to hear. */
function explaining<T>(result: OpResult, path: string, state: OpsState, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'LAYER_NOT_FOUND' || result.kind !== 'live') throw error;
    const local = state.live.get(result.source);
    const wanted = rootfsPath(path).slice(1);
    const pattern = local?.ignoredBy(wanted);
    const near = local?.nearestTo(wanted);
    if (pattern === undefined && near === wanted) throw error; // a link that leads nowhere
    const hint =
      pattern !== undefined
        ? `the build context has it, but the pattern \`${pattern}\` of the ignore file excludes it; add \`!${wanted}\` below that line`
        : near !== undefined
          ? `did you mean \`${near}\`?`
          : undefined;
    throw hint === undefined ? error : new SlipwayError('LAYER_NOT_FOUND', error.message, { cause: error, hint });
  }
}

async function shownDigest(mount: ShownMount, result: OpResult, state: OpsState, signal: AbortSignal): Promise<Digest> {
  const tree = treeOfResult(result, state);
  const found = resolve(tree, mount.selector, { followLast: true });
  if (found === undefined) throw notFound(tree, mount.selector.replace(/^\/+/, ''));
  const files: FileNode[] = isFileNode(found.node) ? [found.node] : [];
  for (const { node } of walkTree(found.node)) if (isFileNode(node)) files.push(node);
  await prepareToHash(files, state, signal);
  return treeDigest(found.node, (node) => digestOfNode(node, state));
}

/** Content of a whole file system, layer by layer: each layer is hashed once and then known. */
async function stackDigest(result: OpResult, state: OpsState, signal: AbortSignal): Promise<Digest> {
  if (result.kind === 'live')
    return shownDigest({ type: 'bind', dest: '', readonly: true, input: 0, selector: '/', output: -1 }, result, state, signal);
  const digests: Digest[] = [];
  for (const layer of result.layers) digests.push(await layerDigest(layer, state, signal));
  return digestOf(digests.join(' '));
}

async function layerDigest(layer: LayerId, state: OpsState, signal: AbortSignal): Promise<Digest> {
  const { store, content } = state.ports;
  const known = store.layers.info(layer)?.contentDigest;
  if (known !== undefined) return known;
  await content.prepare(layer, signal);
  const contentDigest = layerContentDigest(store.layers.index(layer).entries, (entry) => {
    if (entry.digest !== undefined) return entry.digest;
    return entry.content?.kind === 'layer'
      ? content.digestOf(entry.content.layer, entry.content.path)
      : content.digestOf(layer, entry.path);
  });
  store.layers.addForms(layer, { contentDigest });
  return contentDigest;
}
