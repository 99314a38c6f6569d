import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import type { HostPath, Scope } from '../base/index.ts';
import type { ExecOp } from '../graph/index.ts';
import type { DirEntry, LayerId } from '../layer/index.ts';
import { mountOverlay, prepareLowers, prepareMountPoints, removeMountStubs, walkUpper } from '../rootfs/index.ts';
import { resolveUserIn, type SandboxProcess, writeHostsFiles } from '../sandbox/index.ts';
import type { OpContext } from '../solver/index.ts';
import { createIngest } from '../store/index.ts';
import { type PreparedMount, prepareMounts } from './mounts.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';
import { secretEnvironment, secretsOf } from './secrets.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const defaultHostname = 'buildkitsandbox';

/** A process that is ready to run over a writable view of its root file system. */
export interface PreparedStep {
  readonly process: SandboxProcess;
  /** The values it may see, by id. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Take the mounts away; what the process changed becomes a layer on top of those it began with. */
  commit(): Promise<LayerId>;
}

export interface StepParts {
  /** The root file system, bottom first. */
  readonly base: readonly LayerId[];
  readonly inputs: readonly OpResult[];
  readonly state: OpsState;
  readonly context: OpContext;
  /** Everything that is mounted or half-made goes with it. */
  readonly scope: Scope;
  /** Besides those of the op. */
  readonly extraMounts?: readonly PreparedMount[] | undefined;
}

/** Mount what `op` needs, and look up what it names. */
export async function prepareStep(
  op: ExecOp,
  { base, inputs, state, context, scope, extraMounts = [] }: StepParts,
): Promise<PreparedStep> {
  const { store, content } = state.ports;
  const ingest = scope.use(createIngest(store.paths));
  const lowers = await prepareLowers(base, { store, content, scratch: ingest.child('t'), signal: context.signal });
  const owner = state.treeOf(base).root.entry;
  const upper = makeUpper(ingest.child('u'), owner);
  for (const name of ['w', 'm']) mkdirSync(ingest.child(name));
  const root = scope.use(mountOverlay({ lowers, upper, work: ingest.child('w'), target: ingest.child('m') }));
  const network = op.network === 'default' ? state.ports.network : op.network;
  const hostname = op.hostname === '' ? defaultHostname : op.hostname;
  const hosts = writeHostsFiles(ingest.path, { hostname, extraHosts: op.extraHosts, network });
  const secrets = secretsOf(op, state.ports);
  const devices = state.ports.devicesOf(op.devices);
  const mounts = [...(await prepareMounts(op, { inputs, secrets, state, context, scope, ingest })), ...extraMounts];
  // Runtimes make these where they are missing, and leave them: in BuildKit's layers they stay.
  prepareMountPoints(
    root.target,
    ['/proc', '/dev', '/sys'].map((path) => ({ path, kind: 'dir' as const })),
  );
  const stubs = prepareMountPoints(root.target, [
    ...hosts.map(({ destination }) => ({ path: destination, kind: 'file' as const })),
    ...mounts.map(({ mount, kind }) => ({ path: mount.destination, kind })),
    ...(devices?.mounts ?? []).map(({ destination, source }) => ({
      path: destination,
      kind: source !== undefined && !statSync(source).isDirectory() ? ('file' as const) : ('dir' as const),
    })),
  ]);
  const user = resolveUserIn(root.target, op.user);
  return {
    secrets,
    process: {
      root: root.target,
      args: op.args,
      env: environmentOf(op, secrets, devices?.env),
      cwd: op.cwd,
      ...user,
      additionalGids: [...new Set([...user.additionalGids, ...(devices?.additionalGids ?? [])])],
      hostname,
      network,
      insecure: op.insecure,
      mounts: [...hosts, ...mounts.map(({ mount }) => mount), ...(devices?.mounts ?? [])],
      devices: devices?.nodes,
      hooks: devices?.hooks,
      limits: state.ports.limits,
      ulimits: op.ulimits,
      cgroupParent: op.cgroupParent === '' ? undefined : op.cgroupParent,
    },
    async commit() {
      removeMountStubs(stubs);
      await root[Symbol.asyncDispose]();
      const id = store.layers.newId();
      const createdAt = new Date(state.ports.now()).toISOString();
      const entries = [...changedRoot(upper, owner), ...walkUpper(upper, { lowers })];
      store.layers.commit({ id, entries, createdAt, directory: upper });
      return id;
    },
  };
}

type Owner = Pick<DirEntry, 'uid' | 'gid'>;

const rootMode = 0o755;

/** In an overlay the root directory is the upper's: the owner goes on from layer to layer, the mode doesn't (as with BuildKit). */
function makeUpper(upper: HostPath, { uid, gid }: Owner): HostPath {
  mkdirSync(upper);
  chownSync(upper, uid, gid);
  chmodSync(upper, rootMode);
  return upper;
}

/** The entry of a root that the step gave to somebody else, or another mode. It is for the next steps: no tar has it. */
function changedRoot(upper: HostPath, before: Owner): DirEntry[] {
  const { uid, gid, mode } = lstatSync(upper);
  if (uid === before.uid && gid === before.gid && (mode & 0o7777) === rootMode) return [];
  return [{ type: 'dir', path: '', mode: mode & 0o7777, uid, gid, mtimeSec: 0 }];
}

function environmentOf(
  op: ExecOp,
  secrets: ReadonlyMap<string, Uint8Array>,
  ofDevices: readonly string[] = [],
): readonly string[] {
  const env = [...op.env];
  const has = (name: string): boolean => env.some((item) => item.startsWith(`${name}=`));
  for (const [kind, value] of Object.entries(op.proxyEnv)) {
    for (const name of [`${kind.toUpperCase()}_PROXY`, `${kind}_proxy`])
      if (value !== '' && !has(name)) env.push(`${name}=${value}`);
  }
  for (const item of [...secretEnvironment(op, secrets), ...ofDevices]) {
    const at = env.findIndex((each) => each.startsWith(item.slice(0, item.indexOf('=') + 1)));
    if (at >= 0) env.splice(at, 1);
    env.push(item);
  }
  if (!has('PATH')) env.push(defaultPath);
  return env;
}
