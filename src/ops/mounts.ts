import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { hasRawBytes, type HostPath, type Scope, SlipwayError } from '../base/index.ts';
import type { ExecOp, Mount } from '../graph/index.ts';
import { notFound, resolve, type TreeNode } from '../layer/index.ts';
import { fsPath, mount as mountAt, mountFlags, resolveInRoot, statIfThere, umount } from '../native/index.ts';
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
  const caches = await holdCaches(op, ports);
  for (const [index, mount] of op.mounts.entries()) {
    if (mount.dest === '/') continue;
    const made = await prepareMount(mount, `mount-${index}`, caches, ports);
    if (made === undefined) continue;
    refuseUnmountable(made, prepared);
    prepared.push(made);
  }
  return prepared;
}

/** No mount point can be made inside of a read-only mount. @throws {SlipwayError} `OPS_NO_MOUNT_POINT` */
function refuseUnmountable({ mount: { destination } }: PreparedMount, before: readonly PreparedMount[]): void {
  const around = before.findLast(({ mount }) => destination.startsWith(`${mount.destination}/`))?.mount;
  if (around?.source === undefined || !around.options.includes('ro')) return;
  let place: string = around.source;
  for (const name of destination.slice(around.destination.length + 1).split('/')) {
    place = `${place}/${name}`;
    const info = statIfThere(place);
    // A symlink leads on from the root of the sandbox, not of the mount: the runtime follows it.
    if (info?.isSymbolicLink() === true) return;
    if (info === undefined) throw noMountPoint(destination, around.destination);
  }
}

function noMountPoint(destination: string, around: string): SlipwayError {
  const message = `cannot mount on \`${destination}\`: the mount at \`${around}\` is read-only and has nothing there`;
  return new SlipwayError('OPS_NO_MOUNT_POINT', message, {
    hint: `add \`rw\` to the mount at \`${around}\` (what is written there is thrown away), or make the path in its source`,
  });
}

async function prepareMount(mount: Mount, name: string, caches: Caches, ports: MountPorts): Promise<PreparedMount | undefined> {
  switch (mount.type) {
    case 'bind':
      return bind(mount.dest, await showInput(mount, name, ports), mount.readonly);
    case 'cache':
      return bind(mount.dest, await cacheDirectory(mount, name, caches, ports), mount.readonly);
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
async function showInput(
  { input, selector, readonly }: Extract<Mount, { type: 'bind' }>,
  name: string,
  ports: MountPorts,
): Promise<HostPath> {
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
    const { mode, uid, gid } = tree.root.entry;
    mkdirSync(upper);
    chownSync(upper, uid, gid);
    chmodSync(upper, readonly ? mode : 0o755);
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

/** By the key of each cache mount, where its directory lies. */
type Caches = ReadonlyMap<string, string>;

function cacheKey(mount: CacheMount, { inputs }: MountPorts): string {
  return hexOf(digestOf(JSON.stringify([mount.id, inputs[mount.input] ?? null, mount.selector]))).slice(0, 32);
}

/**
 * Wait for the caches that are not shared: in the same order for every step, or two steps could wait for each other. Of several mounts
 * of one cache in a step the first one says how it is shared.
 */
async function holdCaches(op: ExecOp, ports: MountPorts): Promise<Caches> {
  const { locks } = ports.state.ports.store;
  const sharings = new Map<string, CacheMount['sharing']>();
  for (const mount of op.mounts) {
    if (mount.type !== 'cache') continue;
    const key = cacheKey(mount, ports);
    if (!sharings.has(key)) sharings.set(key, mount.sharing);
  }
  const places = new Map<string, string>();
  for (const [key, sharing] of [...sharings].sort(([a], [b]) => (a < b ? -1 : 1))) {
    places.set(key, key);
    if (sharing === 'locked') ports.scope.use(await locks.hold(`cache-${key}`, ports.context.signal));
    else if (sharing === 'private') {
      let lock: Disposable | undefined;
      for (let copy = 0; lock === undefined; copy++) {
        places.set(key, `${key}-${copy}`);
        lock = await locks.tryHold(`cache-${key}-${copy}`);
      }
      ports.scope.use(lock);
    }
  }
  return places;
}

/** The directory of a cache mount; made from its input the first time. */
async function cacheDirectory(mount: CacheMount, name: string, caches: Caches, ports: MountPorts): Promise<HostPath> {
  const { locks, paths, records } = ports.state.ports.store;
  const { signal } = ports.context;
  const seed = ports.inputs[mount.input];
  const key = cacheKey(mount, ports);
  const place = caches.get(key) ?? key;
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
