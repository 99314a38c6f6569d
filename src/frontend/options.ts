import type { SourceSpan } from '../base/index.ts';
import type { ExecOp, NetworkMode, SourceOp } from '../graph/index.ts';
import type { Digest, ImageConfig, Platform } from '../oci/index.ts';

/** An image whose name was looked up. */
export interface ResolvedImage {
  /** Pinned by digest: `docker-image://docker.io/library/alpine:3.20@sha256:…` or `oci-layout://…`. */
  readonly identifier: string;
  /** Of the image manifest. */
  readonly digest: Digest;
  readonly config: ImageConfig;
}

/** What compiling asks of the world. */
export interface FrontendPorts {
  /**
   * Look up `reference`, which is fully named (`docker.io/library/alpine:3.20`). Called only for images that reachable
   * stages need, once for each reference and platform, all that are known at the time at once.
   */
  resolveImage(reference: string, platform: Platform, at: SourceSpan): Promise<ResolvedImage>;
  /**
   * When the sources in a build context were last changed, in seconds since 1970, if that is known; `undefined` names the main one.
   * Called only when `SOURCE_DATE_EPOCH` asks for it.
   */
  contextTime(name: string | undefined): Promise<number | undefined>;
}

/** A tree that no image and no directory of the machine gives: a repository, a download. */
export interface SourceContext {
  readonly kind: 'source';
  readonly op: SourceOp;
  /** What people read while it is fetched. */
  readonly title: string;
  /** What the history says where it is the base of a stage. */
  readonly createdBy: string;
  /** An archive in the tree, whose files are what counts. */
  readonly archive?: string | undefined;
}

/** What a named build context stands for. */
export type NamedContext =
  | SourceContext
  /** The empty file system. */
  | { readonly kind: 'scratch' }
  /** Files of the machine: the source `local://<name>`. */
  | { readonly kind: 'local'; readonly name: string; readonly ignorePatterns: readonly string[] }
  /** A function is called only when an instruction needs the image. */
  | { readonly kind: 'image'; readonly image: ResolvedImage | (() => Promise<ResolvedImage>) };

export interface CompileOptions {
  /** Stage name, in any case, or index. Default: the last stage. */
  readonly target?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Set on the image after all of its LABELs. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly targetPlatform: Platform;
  readonly buildPlatform: Platform;
  /** By name, or by `name::platform`, which comes first; names compare as image references do, in any case. */
  readonly contexts?: Readonly<Record<string, NamedContext>> | undefined;
  /** The main build context, where it is no directory of the machine. */
  readonly mainContext?: SourceContext | undefined;
  /** Of the main build context, already read. */
  readonly ignorePatterns?: readonly string[] | undefined;
  /** Of every RUN that names none. Default: `default`. */
  readonly network?: NetworkMode | undefined;
  /** Rights that a RUN may ask for: `network.host` for `--network=host`, `security.insecure` for `--security=insecure`. */
  readonly entitlements?: readonly ('network.host' | 'security.insecure')[] | undefined;
  /** Lines of every RUN's /etc/hosts. */
  readonly extraHosts?: ExecOp['extraHosts'] | undefined;
  readonly ulimits?: ExecOp['ulimits'] | undefined;
  /** Size of every RUN's /dev/shm, in bytes. */
  readonly shmSizeBytes?: number | undefined;
  /** The cgroup below which every RUN gets its own. */
  readonly cgroupParent?: string | undefined;
  /** Where nothing says `SOURCE_DATE_EPOCH`, it is the time of the main build context, else 0. Default: the build has no such time. */
  readonly needsEpoch?: boolean | undefined;
  /** Run every RUN, COPY and ADD again. */
  readonly noCache?: boolean | undefined;
}
