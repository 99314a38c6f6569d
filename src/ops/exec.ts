import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { type HostPath, Scope, SlipwayError } from '../base/index.ts';
import type { ExecOp, Vertex } from '../graph/index.ts';
import type { LayerId } from '../layer/index.ts';
import { mountOverlay, prepareLowers, prepareMountPoints, removeMountStubs, walkUpper } from '../rootfs/index.ts';
import { resolveUserIn, type SandboxProcess, writeHostsFiles } from '../sandbox/index.ts';
import { type OpContext, StepError } from '../solver/index.ts';
import { createIngest } from '../store/index.ts';
import { createLogTail } from './log-tail.ts';
import { createMask } from './mask.ts';
import { prepareMounts } from './mounts.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';
import { secretEnvironment, secretsOf } from './secrets.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const defaultHostname = 'buildkitsandbox';

/** Run one process over the root it names; what it changed is the new layer. */
export async function runExec(
  op: ExecOp,
  vertex: Vertex,
  inputs: readonly OpResult[],
  state: OpsState,
  context: OpContext,
): Promise<readonly OpResult[]> {
  const { store, content } = state.ports;
  const base = rootLayers(op, inputs);
  await using scope = new Scope();
  const ingest = scope.use(createIngest(store.paths));
  const lowers = await prepareLowers(base, { store, content, scratch: ingest.child('t'), signal: context.signal });
  const upper = makeUpper(ingest.child('u'), state, base);
  for (const name of ['w', 'm']) mkdirSync(ingest.child(name));
  const root = mountOverlay({ lowers, upper, work: ingest.child('w'), target: ingest.child('m') });
  scope.use(root);
  const sandbox = await state.ports.sandbox();
  const network = op.network === 'default' ? state.ports.network : op.network;
  const hostname = op.hostname === '' ? defaultHostname : op.hostname;
  const hosts = writeHostsFiles(ingest.path, { hostname, extraHosts: op.extraHosts, network });
  const secrets = secretsOf(op, state.ports);
  const mounts = await prepareMounts(op, { inputs, secrets, state, context, scope, ingest });
  const stubs = prepareMountPoints(root.target, [
    ...['/proc', '/dev', '/sys'].map((path) => ({ path, kind: 'dir' as const })),
    ...hosts.map(({ destination }) => ({ path: destination, kind: 'file' as const })),
    ...mounts.map(({ mount, kind }) => ({ path: mount.destination, kind })),
  ]);
  const tail = createLogTail();
  const process: SandboxProcess = {
    root: root.target,
    args: op.args,
    env: environmentOf(op, secrets),
    cwd: op.cwd,
    ...resolveUserIn(root.target, op.user),
    hostname,
    network,
    insecure: op.insecure,
    mounts: [...hosts, ...mounts.map(({ mount }) => mount)],
    ulimits: op.ulimits,
    cgroupParent: op.cgroupParent === '' ? undefined : op.cgroupParent,
  };
  const masks = [createMask(secrets.values()), createMask(secrets.values())] as const;
  const show = (stream: 1 | 2, data: Uint8Array): void => {
    if (data.byteLength === 0) return;
    tail.add(data);
    context.emit({ kind: 'step-log', step: vertex.digest, stream, data, atMs: state.ports.now() });
  };
  const exit = await sandbox.run(process, {
    signal: context.signal,
    onOutput: (stream, data) => show(stream, masks[stream - 1]?.apply(data) ?? data),
  });
  for (const stream of [1, 2] as const) show(stream, masks[stream - 1]?.flush() ?? new Uint8Array(0));
  if (exit.code !== 0) {
    throw new StepError({ command: op.args.join(' '), exitCode: exit.code, outOfMemory: exit.outOfMemory, logTail: tail.text() });
  }
  removeMountStubs(stubs);
  await root[Symbol.asyncDispose]();
  const id = store.layers.newId();
  store.layers.commit({
    id,
    entries: walkUpper(upper, { lowers }),
    createdAt: new Date(state.ports.now()).toISOString(),
    directory: upper,
  });
  return resultsOf(op, { kind: 'snapshot', layers: [...base, id] }, inputs);
}

/** The layers of the mount at `/`. */
export function rootLayers(op: ExecOp, inputs: readonly OpResult[]): readonly LayerId[] {
  const root = op.mounts.find((mount) => mount.dest === '/');
  if (root?.type !== 'bind') throw new SlipwayError('OPS_BAD_EXEC', 'an exec op needs a root file system', { class: 'internal' });
  const input = inputs[root.input];
  return input?.kind === 'snapshot' ? input.layers : [];
}

function resultsOf(op: ExecOp, root: OpResult, inputs: readonly OpResult[]): readonly OpResult[] {
  const results: OpResult[] = [];
  for (const mount of op.mounts) {
    if (mount.type !== 'bind' || mount.output < 0) continue;
    results[mount.output] = mount.dest === '/' ? root : (inputs[mount.input] ?? { kind: 'snapshot', layers: [] });
  }
  return results;
}

/** In an overlay the root directory is the upper's: it gets the owner and mode that the stack says. */
function makeUpper(upper: HostPath, state: OpsState, base: readonly LayerId[]): HostPath {
  const { mode, uid, gid } = state.treeOf(base).root.entry;
  mkdirSync(upper);
  chownSync(upper, uid, gid);
  chmodSync(upper, mode);
  return upper;
}

function environmentOf(op: ExecOp, secrets: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const env = [...op.env];
  const has = (name: string): boolean => env.some((item) => item.startsWith(`${name}=`));
  for (const [kind, value] of Object.entries(op.proxyEnv)) {
    for (const name of [`${kind.toUpperCase()}_PROXY`, `${kind}_proxy`])
      if (value !== '' && !has(name)) env.push(`${name}=${value}`);
  }
  for (const item of secretEnvironment(op, secrets)) {
    const at = env.findIndex((each) => each.startsWith(item.slice(0, item.indexOf('=') + 1)));
    if (at >= 0) env.splice(at, 1);
    env.push(item);
  }
  if (!has('PATH')) env.push(defaultPath);
  return env;
}
