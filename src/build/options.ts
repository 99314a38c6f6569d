import type { ResourceLimits } from '../sandbox/index.ts';
import type { BuildEvent } from '../solver/index.ts';
import type { Freed } from './cache-limit.ts';

/** How an image is written. */
export interface ImageAttributes {
  readonly names?: readonly string[];
  /** Of the layers that the build added. Default: `gzip`; in the local store alone, `uncompressed`. */
  readonly compression?: 'uncompressed' | 'gzip' | 'zstd';
  /** gzip: 0 to 9, default 5. zstd: 1 to 22, default 3. */
  readonly compressionLevel?: number;
  /** Layers of the base image get that compression too. */
  readonly forceCompression?: boolean;
  /** False: the media types of Docker. Default: true. */
  readonly ociMediaTypes?: boolean;
  /** Seconds since 1970, instead of the build's `SOURCE_DATE_EPOCH`; null: none. */
  readonly sourceDateEpoch?: number | null;
  /** No file that the build added has a later time than `SOURCE_DATE_EPOCH`. */
  readonly rewriteTimestamp?: boolean;
  readonly annotations?: readonly Annotation[];
  /** Keep the media types of layers that may not be distributed. */
  readonly preferNondistLayers?: boolean;
}

/** A key and a value beside the image, in the document that `level` names. */
export interface Annotation {
  readonly level: 'manifest' | 'manifest-descriptor' | 'index' | 'index-descriptor';
  /** `os/arch[/variant]`: only in images for it. */
  readonly platform?: string;
  readonly key: string;
  readonly value: string;
}

/** The local image store, under each of `names`; without names only the result's digests are kept. */
export interface ImageOutput extends ImageAttributes {
  readonly type: 'image';
  readonly push?: boolean;
  /** Push under the digest alone, and tag nothing. */
  readonly pushByDigest?: boolean;
  /** The registries of the names may speak plain HTTP, or show certificates that nobody vouches for. */
  readonly insecureRegistry?: boolean;
  /** False: nothing is named in the local store. */
  readonly store?: boolean;
  /** Make the directories that a RUN upon the image needs. */
  readonly unpack?: boolean;
  /** A further name `PREFIX@DIGEST`. */
  readonly danglingNamePrefix?: string;
  /** That name only where there is no other. */
  readonly danglingNameEmptyOnly?: boolean;
  /** A further name `NAME@DIGEST` for each. */
  readonly nameCanonical?: boolean;
}

/** An OCI image layout: a tar at `dest` (`-` is standard output, handed over as a stream), or a directory when `tar` is false. */
export interface LayoutOutput extends ImageAttributes {
  readonly type: 'oci' | 'docker';
  readonly dest: string;
  readonly tar?: boolean;
}

/** Where a result of a build goes. */
export type Output = OutputPlace & {
  /** The stage whose result goes there, by name or index; it is built besides `BuildOptions.target`. Default: that one. */
  readonly target?: string;
};

type OutputPlace =
  | ImageOutput
  | LayoutOutput
  /** The files of the final root file system, in a directory; `delete` removes there what the image has not. */
  | {
      readonly type: 'local';
      readonly dest: string;
      readonly mode?: 'copy' | 'delete';
      readonly sourceDateEpoch?: number | null;
    }
  /** The files of the final root file system, as a tar. */
  | { readonly type: 'tar'; readonly dest: string; readonly sourceDateEpoch?: number | null }
  /** Build, keep the cache, write nothing. */
  | { readonly type: 'cacheonly' };

export interface BuildOptions {
  /**
   * The main build context: a directory, a repository (`https://host/repo.git#ref:subdir`), or the web address of a Dockerfile or an archive.
   * Default: the current directory.
   */
  readonly context?: string;
  /** A tar, perhaps compressed, instead of `context`. Consumed by the build. */
  readonly contextTar?: AsyncIterable<Uint8Array>;
  /** Path of the Dockerfile, or its web address; within a context that is fetched, a path in there. Default: `Dockerfile` in the context. */
  readonly file?: string;
  /** The Dockerfile's text, instead of `file`. */
  readonly dockerfile?: string;
  /** Stage name or index, or several: what they share is built once. Default: the last stage, or the stages that `outputs` name. */
  readonly target?: string | readonly string[];
  /** Stages that have to succeed too before anything is written; the image has nothing of them. */
  readonly require?: readonly string[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** `os/arch[/variant]`; default: the machine's. */
  readonly platform?: string;
  /** Named contexts: a directory, `docker-image://…`, `oci-layout://…`, a repository, a web address. */
  readonly contexts?: Readonly<Record<string, string>>;
  /**
   * Modes of files of local contexts: `disk`, as they are; `git`, as the index of their work tree has them (0644 or 0755, directories
   * 0755), so that neither the umask of who cloned nor Windows changes an image or its cache. Default: `disk`.
   */
  readonly contextModes?: 'disk' | 'git';
  /** Names for the image in the local store. */
  readonly tags?: readonly string[];
  /** Default: the local image store. */
  readonly outputs?: readonly Output[];
  /** Values for RUN --mount=type=secret, by id. They reach only the steps that name them: no layer, no key, no log. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /**
   * Agents for RUN --mount=type=ssh, by id: the path of an agent's socket, or of private key files, which are then held by an agent
   * of our own. Steps may list keys and have data signed, and nothing else.
   */
  readonly ssh?: Readonly<Record<string, string | readonly string[]>>;
  readonly noCache?: boolean;
  /** Stages whose RUN, COPY and ADD run again whatever the cache holds. Not together with `noCache`. */
  readonly noCacheFilter?: readonly string[];
  /** Lines for /etc/hosts of every RUN. */
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  /** Size of /dev/shm of every RUN; default 64 MiB. */
  readonly shmSizeBytes?: number;
  /**
   * Times that depend on nothing but the sources: `SOURCE_DATE_EPOCH` is the time of the context's last commit, else 0, unless a build
   * argument says it; and no file that the build added has a later time.
   */
  readonly reproducible?: boolean;
  /** Ask the registry for the current digest of every tag, also when the store has an image of that name. */
  readonly pull?: boolean;
  /** Network of RUN when it names none. */
  readonly network?: 'default' | 'host' | 'none';
  /** Rules for this build, besides what the file says: names to skip, experimental ones to ask (`all` for every one), and whether findings fail the build. */
  readonly checks?: { readonly skip?: readonly string[]; readonly experimental?: readonly string[]; readonly error?: boolean };
  /**
   * Rights that a RUN may ask for: `network.host` for `--network=host`, `security.insecure` for `--security=insecure`, `device` or
   * `device=NAME[,alias=OTHER]` for `--device`. Default: none; `network: 'host'` grants `network.host`.
   */
  readonly allow?: readonly string[];
  /** What each RUN may use at most. The result of a step doesn't depend on it: a cached one is taken as it is. */
  readonly limits?: ResourceLimits;
  /** The cgroup below which each RUN gets one of its own. */
  readonly cgroupParent?: string;
  /** Files to bring out of the tree that a RUN left when it failed. The build fails all the same. */
  readonly onFail?: readonly FailedExport[];
  /** How many RUNs at once; default: the number of processors, at least 4. */
  readonly jobs?: number;
  /** After the build, what no image needs is brought down to this, least recently used first. */
  readonly cacheLimitBytes?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BuildEvent) => void;
  /** For an output whose `dest` is `-`. */
  readonly stdout?: NodeJS.WritableStream;
  readonly engine?: EngineOptions;
}

/** `path`: in the tree of the failed step, from the step's directory on. `dest`: default, the same name in the current directory. */
export interface FailedExport {
  readonly path: string;
  readonly dest?: string | undefined;
}

/** Where a secret comes from; read when a step needs it, 500 KiB at most. */
export type Secret = { readonly file: string } | { readonly env: string } | { readonly value: string | Uint8Array };

/** What every command of the library shares. */
export interface EngineOptions {
  /** Where the store lies; default: `$SLIPWAY_ROOT`, else `/var/lib/slipway` for root, else `$XDG_DATA_HOME/slipway`. */
  readonly root?: string;
  /** `docker.io=http://127.0.0.1:5000`, tried in order before the registry itself. */
  readonly registryMirrors?: readonly string[];
  /** Hosts that may be asked over plain HTTP though they are not loopback. */
  readonly insecureRegistries?: readonly string[];
  /** Names the runtime instead of probing: `runc`, `crun`, `unshare`. */
  readonly runtime?: string;
  /** Where the specifications of devices lie; default: `/etc/cdi`, then `/var/run/cdi`, which counts over it. */
  readonly deviceDirectories?: readonly string[];
  /** Never use the network for images, layers and downloads: tags are what they were last known to be. Default: `$SLIPWAY_OFFLINE`. */
  readonly offline?: boolean;
}

/** What became of one target. */
export interface TargetResult {
  /** Name of the stage, else `stage-<index>`. */
  readonly stage: string;
  /** Digest of the image config; absent for outputs that make no image. */
  readonly imageId?: string;
  readonly manifestDigest?: string;
  /** The manifest's descriptor, as it stands in an index. */
  readonly descriptor?: ImageDescriptor;
  /** No file of the layers that the build added to that image is later than this, in seconds since 1970; absent where times were left as they are. */
  readonly latestFileSec?: number;
  readonly names: readonly string[];
  /** Bytes of the image's uncompressed layers. */
  readonly imageSizeBytes: number;
}

/** Of several targets, what is said of the image is said of the first one. */
export interface BuildResult {
  /** The build's name in the history. */
  readonly id: string;
  /** Each stage whose result was wanted. */
  readonly targets: readonly TargetResult[];
  /** Digest of the image config, which Docker calls the image ID; absent for outputs that make no image. */
  readonly imageId?: string;
  /** Digest of the image manifest as written to the store or the first image-like output. */
  readonly manifestDigest?: string;
  /** The manifest's descriptor, as it stands in an index. */
  readonly descriptor?: ImageDescriptor;
  /** Of all targets. */
  readonly names: readonly string[];
  readonly steps: { readonly total: number; readonly cached: number; readonly ran: number };
  readonly stages: readonly StageReport[];
  readonly skippedStages: readonly string[];
  readonly durationMs: number;
  /** Bytes of the final image's uncompressed layers. */
  readonly imageSizeBytes: number;
  /** What was freed because of `cacheLimitBytes`; absent when nothing was. */
  readonly freed?: Freed;
}

/** @see OCI image-spec, descriptor.md */
export interface ImageDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

/** How one stage of the build went. */
export interface StageReport {
  readonly name: string;
  /** From the first of its steps' start to the last one's end; 0 when all were cached. */
  readonly durationMs: number;
  /** Bytes of all layers the stage ends with, base included, uncompressed. */
  readonly sizeBytes: number;
  readonly cached: boolean;
  readonly isTarget: boolean;
}
