import type { EngineOptions } from './options.ts';

interface Common {
  readonly engine?: EngineOptions;
  readonly signal?: AbortSignal;
}

export interface ImportOptions extends Common {
  /** A tar of a root file system, compressed with gzip or not. */
  readonly tar: string;
  readonly name: string;
  /** A JSON file with an OCI image `config` object: Env, Cmd, WorkingDir, … */
  readonly configFile?: string;
  readonly platform?: string;
}

export interface ImageSummary {
  /** Familiar names, as people write them; empty for an image that lost its last one. */
  readonly names: readonly string[];
  readonly imageId: string;
  readonly manifestDigest: string;
  readonly createdAt: string | undefined;
  /** Bytes of the uncompressed layers. */
  readonly sizeBytes: number;
  readonly platform: string;
}

export interface SaveOptions extends Common {
  readonly names: readonly string[];
  /** Path, or `-` for `stdout`. */
  readonly dest: string;
  readonly format?: 'docker' | 'oci';
  readonly stdout?: NodeJS.WritableStream;
}

export interface LoadOptions extends Common {
  /** A docker archive or an OCI layout, as a tar (gzip or not) or a directory; `-` is `stdin`. */
  readonly source: string;
  readonly stdin?: AsyncIterable<Uint8Array>;
}

export interface PushOptions extends Common {
  readonly name: string;
  readonly onProgress?: (progress: {
    readonly part: string;
    readonly current: number;
    readonly total: number;
    readonly done: boolean;
  }) => void;
}

export interface PullOptions extends PushOptions {
  readonly platform?: string;
}

export interface RunImageOptions extends Common {
  readonly image: string;
  /** Instead of the image's CMD. */
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** `NAME=value`. */
  readonly env?: readonly string[];
  /** `host-path:container-path[:ro]`. */
  readonly volumes?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly network?: 'host' | 'none';
  /** Give the process the terminal and standard streams of this process; otherwise output goes to `onOutput`. */
  readonly interactive?: boolean;
  readonly onOutput?: (stream: 1 | 2, data: Uint8Array) => void;
}
