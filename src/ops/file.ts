import { SlipwayError } from '../base/index.ts';
import type { ChownOpt, FileAction, FileOp } from '../graph/index.ts';
import {
  type ActionOptions,
  copy,
  copyOne,
  copySources,
  createDraft,
  type Draft,
  emptyTree,
  type FileNode,
  isFileNode,
  type LayerId,
  lookupOwner,
  mkdir,
  mkfile,
  resolve,
  rm,
  symlink,
  type Tree,
  unpack,
} from '../layer/index.ts';
import { digestOf } from '../oci/index.ts';
import type { OpContext, RunContext } from '../solver/index.ts';
import { openArchive } from './archive.ts';
import { commitEntries } from './commit-entries.ts';
import { prepareToRead, readNode, treeOfResult } from './nodes.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/** What an action starts from or has made: a stack of layers with a draft of one more on top. */
interface Stage {
  readonly base: readonly LayerId[];
  readonly tree: Tree;
}

const nothing: Stage = { base: [], tree: emptyTree };

/** Do the actions in order. Each result is its base with one new layer, which may hold nothing. */
export async function runFile(
  op: FileOp,
  inputs: readonly OpResult[],
  state: OpsState,
  context: RunContext<OpResult>,
): Promise<readonly OpResult[]> {
  const stages: Stage[] = [];
  const results: OpResult[] = [];
  const stageAt = (index: number): Stage => {
    if (index < 0) return nothing;
    const input = inputs[index];
    if (input !== undefined) return { base: input.kind === 'snapshot' ? input.layers : [], tree: treeOfResult(input, state) };
    const stage = stages[index - inputs.length];
    if (stage === undefined)
      throw new SlipwayError('OPS_BAD_FILE_OP', `a file action names input ${index}, which is not there`, { class: 'internal' });
    return stage;
  };
  for (const action of op.actions) {
    context.signal.throwIfAborted();
    const start = stageAt(action.input);
    const draft = createDraft(state.treeOf(start.base), start.tree);
    const source = action.action === 'copy' ? stageAt(action.secondaryInput).tree : emptyTree;
    await act(
      draft,
      action,
      source,
      { nowSec: Math.floor(state.ports.now() / 1000), owner: await ownerOf(action, stageAt, state, context.signal) },
      state,
      context,
    );
    const made: Stage = { base: start.base, tree: draft.tree() };
    stages.push(made);
    if (action.output >= 0) {
      const layer = await commitEntries(
        createDraft(state.treeOf(made.base), made.tree).finish({
          sameContent: (lower, upper) => haveSameDigest(lower, upper, state),
        }),
        state,
        context.signal,
        earlierLayer(context, action.output),
      );
      results[action.output] = { kind: 'snapshot', layers: [...made.base, layer] };
    }
  }
  return results;
}

/** What this op made last of all, for the same output. */
function earlierLayer({ earlier }: RunContext<OpResult>, output: number): LayerId | undefined {
  const result = earlier()[0]?.[output];
  return result?.kind === 'snapshot' ? result.layers.at(-1) : undefined;
}

async function act(
  draft: Draft,
  action: FileAction,
  source: Tree,
  options: ActionOptions,
  state: OpsState,
  context: OpContext,
): Promise<void> {
  switch (action.action) {
    case 'copy': {
      if (!action.unpackArchives) return copy(draft, source, action, options);
      for (const from of copySources(source, action)) {
        const archive = isFileNode(from.node) ? await openArchive(from.node, state, context.signal) : undefined;
        if (archive === undefined) copyOne(draft, from, action, options);
        else unpack(draft, action.dest, archive, options);
      }
      return;
    }
    case 'mkdir':
      return mkdir(draft, action, options);
    case 'mkfile':
      return mkfile(draft, action, options);
    case 'rm':
      return rm(draft, action, options);
    case 'symlink':
      return symlink(draft, action, options);
  }
}

/** As far as the digests are known without reading a layer: what a build reads of its context was hashed before. */
function haveSameDigest(lower: FileNode, upper: FileNode, state: OpsState): boolean {
  const digest = lower.entry.digest;
  if (digest === undefined) return false;
  const { content } = upper.entry;
  if (content === undefined) return false;
  if (content.kind === 'inline') return digestOf(Buffer.from(content.base64, 'base64')) === digest;
  return state.live.get(content.layer)?.digestOf(content.path) === digest;
}

async function ownerOf(
  action: FileAction,
  stageAt: (index: number) => Stage,
  state: OpsState,
  signal: AbortSignal,
): Promise<ActionOptions['owner']> {
  const owner = action.action === 'rm' ? undefined : action.owner;
  if (owner === undefined) return undefined;
  const input = namedInput(owner);
  if (input === undefined) return lookupOwner(owner, {});
  if (input < 0) {
    throw new SlipwayError('OPS_NO_ACCOUNTS', 'invalid user index: a file system without /etc/passwd knows no user names', {
      hint: 'write the owner as numbers, such as `--chown=1000:1000`',
    });
  }
  const { tree } = stageAt(input);
  return lookupOwner(owner, {
    passwd: await accountFile(tree, '/etc/passwd', state, signal),
    group: await accountFile(tree, '/etc/group', state, signal),
  });
}

function namedInput({ user, group }: ChownOpt): number | undefined {
  if (user?.kind === 'name') return user.input;
  return group?.kind === 'name' ? group.input : undefined;
}

const maxAccountBytes = 10 << 20;

async function accountFile(tree: Tree, path: string, state: OpsState, signal: AbortSignal): Promise<string | undefined> {
  const node = resolve(tree, path, { followLast: true })?.node;
  if (node === undefined || !isFileNode(node) || node.entry.sizeBytes > maxAccountBytes) return undefined;
  await prepareToRead([node], state, signal);
  return (await readNode(node, state)).toString('utf8');
}
