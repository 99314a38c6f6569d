import type { Digest, Platform } from '../oci/index.ts';

/** Output `output` of the vertex with this digest. */
export interface Edge {
  readonly vertex: Digest;
  readonly output: number;
}

export interface SourceOp {
  readonly kind: 'source';
  /** `docker-image://…`, `local://name`, `git://…`, `https://…`, `oci-layout://…`. @see LLB SourceOp */
  readonly identifier: string;
  readonly attrs: Readonly<Record<string, string>>;
}

export type NetworkMode = 'default' | 'host' | 'none';

export interface ExecOp {
  readonly kind: 'exec';
  readonly args: readonly string[];
  /** `NAME=value`, in order. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** As written in USER; empty is root. */
  readonly user: string;
  readonly hostname: string;
  readonly network: NetworkMode;
  readonly insecure: boolean;
  readonly mounts: readonly Mount[];
  readonly secretEnv: readonly { readonly id: string; readonly name: string; readonly optional: boolean }[];
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
  /** Devices by their names in the Container Device Interface; an optional one may be missing on this machine. */
  readonly devices: readonly { readonly name: string; readonly optional: boolean }[];
  readonly proxyEnv: Readonly<Partial<Record<'http' | 'https' | 'ftp' | 'no' | 'all', string>>>;
}

interface MountCommon {
  /** Absolute path in the sandbox; `/` is the root file system. */
  readonly dest: string;
  readonly readonly: boolean;
}

/** `input`: index into the vertex's inputs, -1 for an empty file system. `output`: index of the result, -1 for none. */
export type Mount = MountCommon &
  (
    | { readonly type: 'bind'; readonly input: number; readonly selector: string; readonly output: number }
    | {
        readonly type: 'cache';
        readonly input: number;
        readonly selector: string;
        readonly id: string;
        readonly sharing: 'shared' | 'private' | 'locked';
      }
    | { readonly type: 'tmpfs'; readonly sizeBytes: number }
    | {
        readonly type: 'secret' | 'ssh';
        readonly id: string;
        readonly uid: number;
        readonly gid: number;
        readonly mode: number;
        readonly optional: boolean;
      }
  );

/** A user or group of `--chown`. A name is looked up in the passwd and group files of the op's input `input`. */
export type Owner =
  | { readonly kind: 'id'; readonly id: number }
  | { readonly kind: 'name'; readonly name: string; readonly input: number };

export interface ChownOpt {
  readonly user?: Owner | undefined;
  readonly group?: Owner | undefined;
}

interface ActionCommon {
  /** Below the number of the vertex's inputs: that input; from there on: the result of action `n - inputs`; -1: empty. */
  readonly input: number;
  /** The same, for where a copy reads; -1 when there is none. */
  readonly secondaryInput: number;
  /** Index of the result, -1 for an intermediate one. */
  readonly output: number;
}

export interface CopyAction extends ActionCommon {
  readonly action: 'copy';
  readonly src: string;
  readonly dest: string;
  readonly owner?: ChownOpt | undefined;
  /** -1 keeps the source's mode. */
  readonly mode: number;
  /** A symbolic mode such as `u+x,go=r`, or empty. */
  readonly modeStr: string;
  readonly followSymlink: boolean;
  readonly dirCopyContents: boolean;
  readonly unpackArchives: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly includePatterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly alwaysReplaceExistingDestPaths: boolean;
  readonly requiredPaths: readonly string[];
  /** Unix nanoseconds, -1 when unset. */
  readonly timestampNs: bigint;
}

export interface MkfileAction extends ActionCommon {
  readonly action: 'mkfile';
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly owner?: ChownOpt | undefined;
  readonly timestampNs: bigint;
}

export interface MkdirAction extends ActionCommon {
  readonly action: 'mkdir';
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: ChownOpt | undefined;
  readonly timestampNs: bigint;
}

export interface RmAction extends ActionCommon {
  readonly action: 'rm';
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}

export interface SymlinkAction extends ActionCommon {
  readonly action: 'symlink';
  readonly oldpath: string;
  readonly newpath: string;
  readonly owner?: ChownOpt | undefined;
  readonly timestampNs: bigint;
}

export type FileAction = CopyAction | MkfileAction | MkdirAction | RmAction | SymlinkAction;

export interface FileOp {
  readonly kind: 'file';
  readonly actions: readonly FileAction[];
}

/** Stack the inputs, first lowest. */
export interface MergeOp {
  readonly kind: 'merge';
  /** Indexes into the vertex's inputs; -1 is empty. */
  readonly inputs: readonly number[];
}

/** What `upper` has beyond `lower`. */
export interface DiffOp {
  readonly kind: 'diff';
  readonly lower: number;
  readonly upper: number;
}

/** What is to be done. Knows nothing of Dockerfiles. */
export type Op = SourceOp | ExecOp | FileOp | MergeOp | DiffOp;

/** An op with its inputs, named by the digest of its encoded bytes. */
export interface Vertex {
  readonly digest: Digest;
  readonly op: Op;
  readonly inputs: readonly Edge[];
  /** Set for exec ops and image sources. */
  readonly platform?: Platform | undefined;
}

/** Vertices by digest, inputs before their users. */
export interface Graph {
  readonly vertices: ReadonlyMap<Digest, Vertex>;
}
