import type { BuildEvent } from '../solver/index.ts';
import type { BuildOptions, EngineOptions, Secret } from './options.ts';

export interface ShellOptions {
  /** A build or a step of the latest build, whichever it is; see `build` and `step`. */
  readonly where?: string;
  /** A build of the history: its ID or the beginning of one, or `^1`. Default: the latest. */
  readonly build?: string;
  /** A number, a stage, both, or how the instruction begins. Default: the step that failed, else the last one. */
  readonly step?: string;
  /** As the step left it (default), or as it found it. */
  readonly at?: 'before' | 'after';
  /** What the shell shall run; without it, it reads its standard input. */
  readonly command?: string;
  /** `NAME=value`, besides the step's own. */
  readonly env?: readonly string[];
  /** Instead of the step's. */
  readonly user?: string;
  /** Secrets and agents of the step's mounts; those that are missing are left out. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly ssh?: NonNullable<BuildOptions['ssh']>;
  /** Give the shell the terminal and standard streams of this process; otherwise output goes to `onOutput`. */
  readonly interactive?: boolean;
  readonly onOutput?: (stream: 1 | 2, data: Uint8Array) => void;
  /** Steps that had to run again to make the tree. */
  readonly onEvent?: (event: BuildEvent) => void;
  /** Told before the shell starts. */
  readonly onEnter?: (place: ShellPlace) => void;
  readonly engine?: EngineOptions;
  readonly signal?: AbortSignal;
}

/** Where a shell stands. */
export interface ShellPlace {
  readonly build: string;
  /** Progress name: `[build 2/3] RUN make`. */
  readonly step: string;
  readonly at: 'before' | 'after';
  readonly hasFailed: boolean;
  readonly shell: string;
  /** The image has no shell: this machine's busybox is shown to it. */
  readonly isBorrowed: boolean;
}
