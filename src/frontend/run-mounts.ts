import { SlipwayError, type SourceSpan } from '../base/index.ts';
import { parseMount, type RunInstruction, type RunMount } from '../dockerfile/index.ts';
import type { ExecOp, MkdirAction, Mount } from '../graph/index.ts';
import { Inputs, type Tree } from './draft.ts';
import { ownValue } from './globals.ts';
import { joinPath } from './paths.ts';
import { draftOf, expand, type Step } from './stage-build.ts';

/** The mounts of one RUN beside its root. */
export interface ReadMounts {
  readonly mounts: readonly Mount[];
  readonly secretEnv: ExecOp['secretEnv'];
  /** Where the first ssh mount is. */
  readonly sshSocket: string | undefined;
}

/** @throws {SlipwayError} `FE_BAD_MOUNT`, and what `parseMount` throws */
export function readMounts(step: Step, run: RunInstruction, inputs: Inputs): ReadMounts {
  const mounts: Mount[] = [];
  const secretEnv: ExecOp['secretEnv'][number][] = [];
  const sockets: string[] = [];
  for (const raw of run.mounts) {
    const mount = parseMount(raw, (value) => expand(step, value));
    switch (mount.type) {
      case 'bind':
      case 'cache':
        mounts.push(treeMount(step, mount, raw.span, inputs));
        break;
      case 'tmpfs':
        mounts.push({
          type: 'tmpfs',
          dest: targetOf(step, mount.target, raw.span),
          readonly: mount.isReadonly,
          sizeBytes: mount.sizeBytes,
        });
        break;
      case 'secret': {
        const { id, env, target, isRequired, info } = mount;
        const optional = !isRequired;
        if (env !== undefined) secretEnv.push({ id, name: env, optional });
        if (target !== undefined)
          mounts.push({ type: 'secret', dest: targetOf(step, target, raw.span), readonly: true, id, ...info, optional });
        break;
      }
      case 'ssh': {
        const { id, target, isRequired, info } = mount;
        const dest = target === undefined ? `/run/buildkit/ssh_agent.${sockets.length}` : targetOf(step, target, raw.span);
        sockets.push(dest);
        mounts.push({ type: 'ssh', dest, readonly: false, id, ...info, optional: !isRequired });
        break;
      }
    }
  }
  return { mounts, secretEnv, sshSocket: sockets[0] };
}

/** Relative targets belong to WORKDIR. */
function targetOf({ build }: Step, target: string, at: SourceSpan): string {
  const path = joinPath(build.config.WorkingDir ?? '/', target);
  if (path !== '/') return path;
  const [message, hint] =
    target === ''
      ? ['target is required', 'name the place of the mount with `target=…`']
      : ['invalid mount target "/"', 'the root file system is mounted there already; name another target'];
  throw new SlipwayError('FE_BAD_MOUNT', message, { at, hint });
}

function treeMount(step: Step, mount: Extract<RunMount, { type: 'bind' | 'cache' }>, at: SourceSpan, inputs: Inputs): Mount {
  const dest = targetOf(step, mount.target, at);
  const source = joinPath('/', mount.source);
  const selector = source === '/' ? '' : source;
  const base = { dest, readonly: mount.isReadonly };
  const tree = sourceTree(step, mount, source, at);
  if (mount.type === 'bind') return { type: 'bind', ...base, input: inputs.indexOf(tree), selector, output: -1 };
  const { id: name, sharing, info } = mount;
  const id = `${ownValue(step.compilation.options.buildArgs ?? {}, 'BUILDKIT_CACHE_MOUNT_NS') ?? ''}/${name}`;
  if (info === undefined || selector !== '')
    return { type: 'cache', ...base, input: inputs.indexOf(tree), selector, id, sharing };
  const owned = ownedDirectory(step, tree, info);
  return { type: 'cache', ...base, input: inputs.indexOf(owned), selector: '/cache', id, sharing };
}

function sourceTree(
  { compilation }: Step,
  { type, from }: Extract<RunMount, { type: 'bind' | 'cache' }>,
  path: string,
  at: SourceSpan,
): Tree {
  if (from === undefined && type === 'cache') return undefined;
  if (from === undefined) {
    const context = compilation.context();
    context.use(path);
    return context.draft;
  }
  const { tree, local } = compilation.from(compilation.origin({ text: from, span: at }, false), at);
  local?.use(path);
  return tree;
}

/** What a cache mount with an owner or a mode starts from. */
function ownedDirectory(
  step: Step,
  tree: Tree,
  info: { readonly mode: number; readonly uid: number; readonly gid: number },
): Tree {
  const inputs = new Inputs();
  const action: MkdirAction = {
    action: 'mkdir',
    input: inputs.indexOf(tree),
    secondaryInput: -1,
    output: 0,
    path: '/cache',
    mode: info.mode,
    makeParents: false,
    owner: { user: { kind: 'id', id: info.uid }, group: { kind: 'id', id: info.gid } },
    timestampNs: -1n,
  };
  const op = { kind: 'file', actions: [action] } as const;
  return step.compilation.drafts.add({
    op: () => op,
    inputs: inputs.drafts,
    ...draftOf(step, '[internal] setting cache mount permissions'),
  });
}
