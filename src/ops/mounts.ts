import { lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { hasRawBytes, type HostPath, type Scope } from '../base/index.ts';
import type { ExecOp, Mount } from '../graph/index.ts';
import { notFound, resolve, type TreeNode } from '../layer/index.ts';
import { fsPath, mount as mountAt, mountFlags, resolveInRoot, umount } from '../native/index.ts';
import { digestOf, hexOf } from '../oci/index.ts';
import { mountOverlay, prepareLowers, writeTree } from '../rootfs/index.ts';
import type { SandboxMount } from '../sandbox/index.ts';
import type { OpContext } from '../solver/index.ts';
import type { Ingest } from '../store/index.ts';
import { treeOfResult } from './nodes.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';
import { secretFile } from './secrets.ts';
import { sshSocket } from './ssh.ts';

export interface PreparedMount {
  readonly mount: SandboxMount;
  /** What the mount point has to be. */
  readonly kind: 'dir' | 'file';
}

export interface MountPorts {
  readonly inputs: readonly OpResult[];
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly state: OpsState;
  readonly context: OpContext;
  readonly scope: Scope;
  readonly ingest: Ingest;
}

/** Make what an exec op's mounts show, in mount order. The root file system is not among them. */
export async function prepareMounts(op: ExecOp, ports: MountPorts): Promise<readonly PreparedMount[]> {
  const prepared: PreparedMount[] = [];
  for (const [index, mount] of op.mounts.entries()) {
    if (mount.dest === '/') continue;
    const made = await prepareMount(mount, `mount-${index}`, ports);
    if (made !== undefined) prepared.push(made);
  }
  return prepared;
}

async function prepareMount(mount: Mount, name: string, ports: MountPorts): Promise<PreparedMount | undefined> {
  switch (mount.type) {
    case 'bind':
      return bind(mount.dest, await showInput(mount.input, mount.selector, name, ports), mount.readonly);
    case 'cache':
      return bind(mount.dest, await cacheDirectory(mount, name, ports), mount.readonly);
    case 'tmpfs': {
      const options = [
        'nosuid',
        'nodev',
        ...(mount.sizeBytes > 0 ? [`size=${mount.sizeBytes}`] : []),
        ...(mount.readonly ? ['ro'] : []),
      ];
      return { mount: { destination: mount.dest, type: 'tmpfs', options }, kind: 'dir' };
    }
    case 'secret': {
      const source = secretFile(mount, ports.secrets, name, ports);
      if (source === undefined) return undefined;
      const noexec = (mount.mode & 0o111) === 0 ? ['noexec'] : [];
      return {
        mount: { destination: mount.dest, type: 'bind', source, options: ['bind', 'ro', 'nosuid', 'nodev', ...noexec] },
        kind: 'file',
      };
    }
    case 'ssh': {
      const { scope, ingest, state } = ports;
      const source = await sshSocket(mount, name, { agent: state.ports.sshAgent, scope, ingest });
      return source === undefined
        ? undefined
        : { mount: { destination: mount.dest, type: 'bind', source, options: ['bind', 'ro', 'nosuid', 'nodev'] }, kind: 'file' };
    }
  }
}

function bind(destination: string, source: HostPath, readonly: boolean): PreparedMount {
  const kind = lstatSync(source).isDirectory() ? 'dir' : 'file';
  return { mount: { destination, type: 'bind', source, options: ['rbind', readonly ? 'ro' : 'rw'] }, kind };
}

/** A private, writable view of an input: what is written there is thrown away. */
async function showInput(input: number, selector: string, name: string, ports: MountPorts): Promise<HostPath> {
  const { inputs, ingest, state, context, scope } = ports;
  const result = inputs[input];
  const target = ingest.child(`${name}-m`);
  mkdirSync(target);
  if (result === undefined || (result.kind === 'snapshot' && result.layers.length === 0)) return target;
  const tree = treeOfResult(result, state);
  const found = resolve(tree, selector, { followLast: true });
  if (found === undefined) throw notFound(tree, selector.replace(/^\/+/, ''));
  if (result.kind === 'live') await copyOut(tree.root, target, state, context, (path, node) => leadsTo(path, node, found.path));
  else {
    const { store, content } = state.ports;
    const lowers = await prepareLowers(result.layers, {
      store,
      content,
      scratch: ingest.child(`${name}-t`),
      signal: context.signal,
    });
    const [upper, work] = [ingest.child(`${name}-u`), ingest.child(`${name}-w`)];
    mkdirSync(upper, 0o755);
    mkdirSync(work);
    scope.use(mountOverlay({ lowers, upper, work, target }));
  }
  return underPlainName(resolveInRoot(target, `/${found.path}`), `${name}-n`, ports);
}

/** The runtime takes names as text: what is named with other bytes is shown at `name` too. */
function underPlainName(path: HostPath, name: string, { ingest, scope }: MountPorts): HostPath {
  if (!hasRawBytes(path)) return path;
  const place = ingest.child(name);
  if (lstatSync(fsPath(path)).isDirectory()) mkdirSync(place);
  else writeFileSync(place, '');
  mountAt(path, place, null, mountFlags.bind);
  scope.use({ [Symbol.dispose]: () => umount(place, { detach: true }) });
  return place;
}

/** Is `path` at, below, or on the way to `wanted`? */
function leadsTo(path: string, { children }: TreeNode, wanted: string): boolean {
  if (wanted === '' || path === wanted || path.startsWith(`${wanted}/`)) return true;
  return children !== undefined && wanted.startsWith(`${path}/`);
}

async function copyOut(
  from: TreeNode,
  dest: HostPath,
  state: OpsState,
  { signal }: OpContext,
  isChosen?: (path: string, node: TreeNode) => boolean,
): Promise<void> {
  await writeTree(from, dest, {
    content: state.ports.content,
    signal,
    liveFile: (origin, path) => state.live.get(origin)?.hostPathOf(path),
    ...(isChosen === undefined ? {} : { isChosen }),
  });
}

type CacheMount = Extract<Mount, { type: 'cache' }>;

/** The directory of a cache mount; made from its input the first time. */
async function cacheDirectory(mount: CacheMount, name: string, ports: MountPorts): Promise<HostPath> {
  const { locks, paths, records } = ports.state.ports.store;
  const { signal } = ports.context;
  const seed = ports.inputs[mount.input];
  const key = hexOf(digestOf(JSON.stringify([mount.id, seed ?? null, mount.selector]))).slice(0, 32);
  let place = key;
  if (mount.sharing === 'locked') ports.scope.use(await locks.hold(`cache-${key}`, signal));
  else if (mount.sharing === 'private') {
    let lock: Disposable | undefined;
    for (let copy = 0; lock === undefined; copy++) {
      place = `${key}-${copy}`;
      lock = await locks.tryHold(`cache-${place}`);
    }
    ports.scope.use(lock);
  }
  const directory = paths.cacheMount(place);
  using _making = await locks.hold(`cache-make-${place}`, signal);
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    const made = ports.ingest.child(`${name}-c`);
    mkdirSync(made, 0o755);
    if (seed !== undefined) await fillCache(seed, mount.selector, made, ports);
    renameSync(made, directory);
  }
  if (!records.touch('mount', place)) records.write('mount', place, { id: mount.id, dest: mount.dest });
  return directory;
}

async function fillCache(seed: OpResult, selector: string, made: HostPath, { state, context }: MountPorts): Promise<void> {
  const tree = treeOfResult(seed, state);
  const found = resolve(tree, selector, { followLast: true });
  if (found === undefined) throw notFound(tree, selector.replace(/^\/+/, ''));
  await copyOut(found.node, made, state, context);
}
