import { SlipwayError } from '../base/index.ts';
import { type Digest, digestOf, isDigest, type Platform } from '../oci/index.ts';
import { type WireAction, type WireExec, type WireMount, type WireOp, type WireProxyEnv, wireOp } from './messages.ts';
import type { Edge, ExecOp, FileAction, Mount, Op, Vertex } from './op.ts';
import { decodeMessage, encodeMessage } from './wire.ts';

/** An op with what it is applied to: everything its digest covers. */
export interface DecodedOp {
  readonly op: Op;
  readonly inputs: readonly Edge[];
  readonly platform?: Platform | undefined;
}

/** `pb.Op` in its deterministic form; the vertex digest is the digest of these bytes. */
export function encodeOp(op: Op, inputs: readonly Edge[], platform?: Platform): Uint8Array {
  return encodeMessage(wireOp, {
    inputs: inputs.map(({ vertex, output }) => ({ digest: vertex, index: output })),
    exec: op.kind === 'exec' ? execToWire(op) : undefined,
    source: op.kind === 'source' ? { identifier: op.identifier, attrs: op.attrs } : undefined,
    file: op.kind === 'file' ? { actions: op.actions.map(actionToWire) } : undefined,
    merge: op.kind === 'merge' ? { inputs: op.inputs.map((input) => ({ input })) } : undefined,
    diff: op.kind === 'diff' ? { lower: { input: op.lower }, upper: { input: op.upper } } : undefined,
    platform: platform && {
      architecture: platform.architecture,
      os: platform.os,
      variant: platform.variant ?? '',
      osVersion: platform.osVersion ?? '',
    },
    constraints: {},
  });
}

/** The inverse of `encodeOp`. @throws {SlipwayError} `GRAPH_BAD_BYTES`, `GRAPH_UNSUPPORTED` */
export function decodeOp(bytes: Uint8Array): DecodedOp {
  const wire = decodeMessage(wireOp, bytes);
  return { op: opFromWire(wire), inputs: inputsFromWire(wire), platform: wire.platform && platformFromWire(wire.platform) };
}

/** The pointer that ends a definition: no op, one input. */
export function encodePointer({ vertex, output }: Edge): Uint8Array {
  const none = { exec: undefined, source: undefined, file: undefined, merge: undefined, diff: undefined };
  return encodeMessage(wireOp, {
    inputs: [{ digest: vertex, index: output }],
    ...none,
    platform: undefined,
    constraints: undefined,
  });
}

/** @throws {SlipwayError} `GRAPH_BAD_BYTES` */
export function decodePointer(bytes: Uint8Array): Edge {
  const [edge, ...more] = inputsFromWire(decodeMessage(wireOp, bytes));
  if (edge === undefined || more.length > 0) {
    throw new SlipwayError('GRAPH_BAD_BYTES', "a definition's last op must have exactly one input");
  }
  return edge;
}

/** Name `op` by the digest of its bytes. */
export function makeVertex(op: Op, inputs: readonly Edge[], platform?: Platform): Vertex {
  return { digest: digestOf(encodeOp(op, inputs, platform)), op, inputs, ...(platform ? { platform } : {}) };
}

function inputsFromWire(wire: WireOp): Edge[] {
  return wire.inputs.map(({ digest, index }) => {
    if (!isDigest(digest))
      throw new SlipwayError('GRAPH_BAD_BYTES', `an op's input is named by \`${digest}\`, which is not a sha256 digest`);
    return { vertex: digest satisfies Digest, output: index };
  });
}

function platformFromWire({ os, architecture, variant, osVersion }: NonNullable<WireOp['platform']>): Platform {
  return { os, architecture, ...(variant ? { variant } : {}), ...(osVersion ? { osVersion } : {}) };
}

function opFromWire(wire: WireOp): Op {
  const { source, exec, file, merge, diff } = wire;
  if (source) return { kind: 'source', ...source };
  if (exec) return execFromWire(exec);
  if (file) return { kind: 'file', actions: file.actions.map(actionFromWire) };
  if (merge) return { kind: 'merge', inputs: merge.inputs.map(({ input }) => input) };
  if (diff) return { kind: 'diff', lower: diff.lower?.input ?? 0, upper: diff.upper?.input ?? 0 };
  throw new SlipwayError('GRAPH_UNSUPPORTED', 'the LLB op is of a kind that is not supported');
}

function execToWire(op: ExecOp): WireExec {
  const { http = '', https = '', ftp = '', no = '', all = '' } = op.proxyEnv;
  const proxyEnv: WireProxyEnv = { http, https, ftp, no, all };
  return {
    meta: {
      args: op.args,
      env: op.env,
      cwd: op.cwd,
      user: op.user,
      proxyEnv: Object.values(proxyEnv).some((value) => value !== '') ? proxyEnv : undefined,
      extraHosts: op.extraHosts,
      hostname: op.hostname,
      ulimits: op.ulimits,
      cgroupParent: op.cgroupParent,
      removeMountStubsRecursive: true,
    },
    mounts: op.mounts.map(mountToWire),
    network: op.network,
    security: op.insecure ? 'insecure' : 'sandbox',
    secretEnv: op.secretEnv,
    devices: op.devices,
  };
}

function execFromWire({ meta, mounts, network, security, secretEnv, devices }: WireExec): ExecOp {
  if (meta === undefined) throw new SlipwayError('GRAPH_BAD_BYTES', 'an exec op has no command');
  const { args, env, cwd, user, proxyEnv, extraHosts, hostname, ulimits, cgroupParent } = meta;
  if (!meta.removeMountStubsRecursive)
    throw new SlipwayError('GRAPH_UNSUPPORTED', 'an exec op that keeps its mount points is not supported');
  return {
    kind: 'exec',
    args,
    env,
    cwd,
    user,
    hostname,
    network,
    insecure: security === 'insecure',
    mounts: mounts.map(mountFromWire),
    secretEnv,
    extraHosts,
    ulimits,
    cgroupParent,
    devices,
    proxyEnv: Object.fromEntries(Object.entries(proxyEnv ?? {}).filter(([, value]) => value !== '')),
  };
}

function mountToWire(mount: Mount): WireMount {
  const { dest, readonly, type } = mount;
  const wire: WireMount = {
    input: -1,
    selector: '',
    dest,
    output: -1,
    readonly,
    type,
    tmpfs: undefined,
    cache: undefined,
    secret: undefined,
    ssh: undefined,
  };
  switch (mount.type) {
    case 'bind':
      return { ...wire, input: mount.input, selector: mount.selector, output: mount.output };
    case 'cache':
      return { ...wire, input: mount.input, selector: mount.selector, cache: { id: mount.id, sharing: mount.sharing } };
    case 'tmpfs':
      return { ...wire, tmpfs: { sizeBytes: mount.sizeBytes } };
    case 'secret':
    case 'ssh': {
      const { id, uid, gid, mode, optional } = mount;
      return { ...wire, [mount.type]: { id, uid, gid, mode, optional } };
    }
  }
}

function mountFromWire(wire: WireMount): Mount {
  const { dest, readonly, input, selector, output } = wire;
  const without = (what: string): SlipwayError => new SlipwayError('GRAPH_BAD_BYTES', `a ${wire.type} mount has no ${what}`);
  switch (wire.type) {
    case 'bind':
      return { type: 'bind', dest, readonly, input, selector, output };
    case 'cache':
      if (wire.cache === undefined) throw without('cache options');
      return { type: 'cache', dest, readonly, input, selector, ...wire.cache };
    case 'tmpfs':
      return { type: 'tmpfs', dest, readonly, sizeBytes: wire.tmpfs?.sizeBytes ?? 0 };
    case 'secret':
    case 'ssh': {
      const options = wire[wire.type];
      if (options === undefined) throw without(`${wire.type} options`);
      return { type: wire.type, dest, readonly, ...options };
    }
  }
}

function actionToWire({ action, input, secondaryInput, output, ...body }: FileAction): WireAction {
  const none = { copy: undefined, mkfile: undefined, mkdir: undefined, rm: undefined, symlink: undefined };
  return { ...none, input, secondaryInput, output, [action]: body };
}

function actionFromWire({ input, secondaryInput, output, copy, mkfile, mkdir, rm, symlink }: WireAction): FileAction {
  const place = { input, secondaryInput, output };
  if (copy) return { action: 'copy', ...place, ...copy };
  if (mkfile) return { action: 'mkfile', ...place, ...mkfile };
  if (mkdir) return { action: 'mkdir', ...place, ...mkdir };
  if (rm) return { action: 'rm', ...place, ...rm };
  if (symlink) return { action: 'symlink', ...place, ...symlink };
  throw new SlipwayError('GRAPH_UNSUPPORTED', 'the LLB file action is of a kind that is not supported');
}
