import type {
  ChownOpt,
  CopyAction,
  FileAction,
  MkdirAction,
  MkfileAction,
  NetworkMode,
  Owner,
  RmAction,
  SymlinkAction,
} from './op.ts';
import {
  bigint64,
  bytes,
  flag,
  int32,
  int64,
  type Message,
  many,
  map,
  message,
  nested,
  setUint32,
  text,
  texts,
  uint32,
  word,
} from './wire.ts';

/** The tables of `pb.Op` and what it holds. Names on the left are ours, numbers on the right are the wire's. */

interface WirePlatform {
  readonly architecture: string;
  readonly os: string;
  readonly variant: string;
  readonly osVersion: string;
}
const platform = message<WirePlatform>('Platform', { architecture: text(1), os: text(2), variant: text(3), osVersion: text(4) });

interface WireInput {
  readonly digest: string;
  readonly index: number;
}
const input = message<WireInput>('Input', { digest: text(1), index: int64(2) });

interface WireMeta {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly proxyEnv: WireProxyEnv | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly hostname: string;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
  readonly removeMountStubsRecursive: boolean;
}
export interface WireProxyEnv {
  readonly http: string;
  readonly https: string;
  readonly ftp: string;
  readonly no: string;
  readonly all: string;
}
const proxyEnv = message<WireProxyEnv>('ProxyEnv', { http: text(1), https: text(2), ftp: text(3), no: text(4), all: text(5) });
const meta = message<WireMeta>('Meta', {
  args: texts(1),
  env: texts(2),
  cwd: text(3),
  user: text(4),
  proxyEnv: nested(5, proxyEnv),
  extraHosts: many(6, message('HostIP', { host: text(1), ip: text(2) })),
  hostname: text(7),
  ulimits: many(9, message('Ulimit', { name: text(1), soft: int64(2), hard: int64(3) })),
  cgroupParent: text(10),
  removeMountStubsRecursive: flag(11),
});

type MountType = 'bind' | 'secret' | 'ssh' | 'cache' | 'tmpfs';
interface WireSecret {
  readonly id: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly optional: boolean;
}
export interface WireMount {
  readonly input: number;
  readonly selector: string;
  readonly dest: string;
  readonly output: number;
  readonly readonly: boolean;
  readonly type: MountType;
  readonly tmpfs: { readonly sizeBytes: number } | undefined;
  readonly cache: { readonly id: string; readonly sharing: 'shared' | 'private' | 'locked' } | undefined;
  readonly secret: WireSecret | undefined;
  readonly ssh: WireSecret | undefined;
}
const secretFields = { id: text(1), uid: uint32(2), gid: uint32(3), mode: uint32(4), optional: flag(5) } as const;
const mount = message<WireMount>('Mount', {
  input: int64(1),
  selector: text(2),
  dest: text(3),
  output: int64(4),
  readonly: flag(5),
  type: word<MountType>(6, { bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4 }),
  tmpfs: nested(19, message('TmpfsOpt', { sizeBytes: int64(1) })),
  cache: nested(
    20,
    message('CacheOpt', { id: text(1), sharing: word<'shared' | 'private' | 'locked'>(2, { shared: 0, private: 1, locked: 2 }) }),
  ),
  secret: nested(21, message<WireSecret>('SecretOpt', secretFields)),
  ssh: nested(22, message<WireSecret>('SSHOpt', secretFields)),
});

export interface WireExec {
  readonly meta: WireMeta | undefined;
  readonly mounts: readonly WireMount[];
  readonly network: NetworkMode;
  readonly security: 'sandbox' | 'insecure';
  readonly secretEnv: readonly { readonly id: string; readonly name: string; readonly optional: boolean }[];
  readonly devices: readonly { readonly name: string; readonly optional: boolean }[];
}
const exec = message<WireExec>('ExecOp', {
  meta: nested(1, meta),
  mounts: many(2, mount),
  network: word<NetworkMode>(3, { default: 0, host: 1, none: 2 }),
  security: word<'sandbox' | 'insecure'>(4, { sandbox: 0, insecure: 1 }),
  secretEnv: many(5, message('SecretEnv', { id: text(1), name: text(2), optional: flag(3) })),
  devices: many(6, message('CDIDevice', { name: text(1), optional: flag(2) })),
});

interface WireOwner {
  readonly byName: { readonly name: string; readonly input: number } | undefined;
  readonly byId: number | undefined;
}
const owner: Message<Owner> = (() => {
  const wire = message<WireOwner>('UserOpt', {
    byName: nested(1, message('NamedUserOpt', { name: text(1), input: int64(2) })),
    byId: setUint32(2),
  });
  return {
    write: (writer, value) =>
      wire.write(
        writer,
        value.kind === 'id'
          ? { byName: undefined, byId: value.id }
          : { byName: { name: value.name, input: value.input }, byId: undefined },
      ),
    read: (reader, end) => {
      const { byName, byId } = wire.read(reader, end);
      return byName === undefined ? { kind: 'id', id: byId ?? 0 } : { kind: 'name', ...byName };
    },
  };
})();
const chown = message<ChownOpt>('ChownOpt', { user: nested(1, owner), group: nested(2, owner) });

/** What an action has beside its place in the chain. */
type Body<A extends FileAction> = Omit<A, 'action' | 'input' | 'secondaryInput' | 'output'>;
const copy = message<Body<CopyAction>>('FileActionCopy', {
  src: text(1),
  dest: text(2),
  owner: nested(3, chown),
  mode: int32(4),
  followSymlink: flag(5),
  dirCopyContents: flag(6),
  unpackArchives: flag(7),
  createDestPath: flag(8),
  allowWildcard: flag(9),
  allowEmptyWildcard: flag(10),
  timestampNs: bigint64(11),
  includePatterns: texts(12),
  excludePatterns: texts(13),
  alwaysReplaceExistingDestPaths: flag(14),
  modeStr: text(15),
  requiredPaths: texts(16),
});
const mkfile = message<Body<MkfileAction>>('FileActionMkFile', {
  path: text(1),
  mode: int32(2),
  data: bytes(3),
  owner: nested(4, chown),
  timestampNs: bigint64(5),
});
const mkdir = message<Body<MkdirAction>>('FileActionMkDir', {
  path: text(1),
  mode: int32(2),
  makeParents: flag(3),
  owner: nested(4, chown),
  timestampNs: bigint64(5),
});
const rm = message<Body<RmAction>>('FileActionRm', { path: text(1), allowNotFound: flag(2), allowWildcard: flag(3) });
const symlink = message<Body<SymlinkAction>>('FileActionSymlink', {
  oldpath: text(1),
  newpath: text(2),
  owner: nested(3, chown),
  timestampNs: bigint64(4),
});

export interface WireAction {
  readonly input: number;
  readonly secondaryInput: number;
  readonly output: number;
  readonly copy: Body<CopyAction> | undefined;
  readonly mkfile: Body<MkfileAction> | undefined;
  readonly mkdir: Body<MkdirAction> | undefined;
  readonly rm: Body<RmAction> | undefined;
  readonly symlink: Body<SymlinkAction> | undefined;
}
const action = message<WireAction>('FileAction', {
  input: int64(1),
  secondaryInput: int64(2),
  output: int64(3),
  copy: nested(4, copy),
  mkfile: nested(5, mkfile),
  mkdir: nested(6, mkdir),
  rm: nested(7, rm),
  symlink: nested(8, symlink),
});

interface WireRef {
  readonly input: number;
}
const ref = (name: string): Message<WireRef> => message<WireRef>(name, { input: int64(1) });

/** `pb.Op`: exactly one of the five is set, none in a definition's last entry. */
export interface WireOp {
  readonly inputs: readonly WireInput[];
  readonly exec: WireExec | undefined;
  readonly source: { readonly identifier: string; readonly attrs: Readonly<Record<string, string>> } | undefined;
  readonly file: { readonly actions: readonly WireAction[] } | undefined;
  readonly merge: { readonly inputs: readonly WireRef[] } | undefined;
  readonly diff: { readonly lower: WireRef | undefined; readonly upper: WireRef | undefined } | undefined;
  readonly platform: WirePlatform | undefined;
  readonly constraints: object | undefined;
}
export const wireOp: Message<WireOp> = message<WireOp>('Op', {
  inputs: many(1, input),
  exec: nested(2, exec),
  source: nested(3, message('SourceOp', { identifier: text(1), attrs: map(2, text(2)) })),
  file: nested(4, message('FileOp', { actions: many(2, action) })),
  merge: nested(6, message('MergeOp', { inputs: many(1, ref('MergeInput')) })),
  diff: nested(7, message('DiffOp', { lower: nested(1, ref('LowerDiffInput')), upper: nested(2, ref('UpperDiffInput')) })),
  platform: nested(10, platform),
  constraints: nested(11, message<object>('WorkerConstraints', {})),
});
