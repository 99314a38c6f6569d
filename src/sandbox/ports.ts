import type { HostPath } from '../base/index.ts';
import type { DeviceNode } from './runtime-spec.ts';

/** A mount inside the sandbox, as the OCI runtime spec has it. */
export interface SandboxMount {
  readonly destination: string;
  readonly type: 'bind' | 'tmpfs';
  /** A path of the host, for `bind`. */
  readonly source?: HostPath | undefined;
  readonly options: readonly string[];
}

/** A program of the machine that the runtime calls at a point of the container's life. @see runtime-spec config.md, "POSIX-platform Hooks" */
export interface SandboxHook {
  /** `createContainer`, … */
  readonly hookName: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** In seconds. */
  readonly timeout: number | undefined;
}

/** What one process and its children may use together. What is absent has no limit but the machine's. */
export interface ResourceLimits {
  readonly memoryBytes?: number | undefined;
  /** Memory and swap together; -1 is unlimited swap. */
  readonly memorySwapBytes?: number | undefined;
  /** Weight against others; 1024 is usual. */
  readonly cpuShares?: number | undefined;
  /** Microseconds; of each period, the quota may be used. */
  readonly cpuPeriodUs?: number | undefined;
  readonly cpuQuotaUs?: number | undefined;
  /** Processors and memory nodes it may use: `0-2,4`. */
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
}

/** One process to run, with everything resolved: no names to look up, no inputs. */
export interface SandboxProcess {
  /** The mounted root file system, writable. */
  readonly root: HostPath;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly hostname: string;
  readonly network: 'host' | 'none';
  readonly insecure: boolean;
  /** In mount order: parents first. */
  readonly mounts: readonly SandboxMount[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number | undefined;
  readonly cgroupParent?: string | undefined;
  readonly limits?: ResourceLimits | undefined;
  /** Device nodes beside the usual ones. */
  readonly devices?: readonly DeviceNode[] | undefined;
  readonly hooks?: readonly SandboxHook[] | undefined;
  /** Give the process the caller's terminal and standard streams (`slipway run`), instead of `onOutput`. */
  readonly interactive?: boolean | undefined;
}

export interface SandboxExit {
  /** The process's own exit code; 128 + n when signal n ended it. */
  readonly code: number;
  readonly outOfMemory: boolean;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** stream 1 is standard output, 2 standard error. */
  readonly onOutput: (stream: 1 | 2, data: Uint8Array) => void;
}

/** A way to run one confined process: runc, crun, or our own. */
export interface Sandbox {
  /** `runc`, `crun` or `unshare`. */
  readonly name: string;
  /**
   * Run to the end. Resolves also for a non-zero exit code. When `signal` aborts, every process of the sandbox is killed
   * and gone before this rejects.
   * @throws {SlipwayError} `SANDBOX_…` the process could not be started (no such program, bad working directory, missing right, limits that this machine can't set)
   */
  run(process: SandboxProcess, options: RunOptions): Promise<SandboxExit>;
}
