import type { KeptFacts } from '../kept-graph.ts';
import type { BuildResult } from '../options.ts';
import type { ErrorRecord } from './event-codec.ts';

/** What is kept of a build that has ended. */
export interface BuildRecord extends KeptFacts {
  readonly id: string;
  /** Folder of the context, and the targets that were asked for. */
  readonly name: string;
  readonly status: 'completed' | 'error' | 'canceled';
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly context?: string | undefined;
  readonly file?: string | undefined;
  readonly target?: string | undefined;
  readonly platform?: string | undefined;
  /** Names of build arguments; their values may be secret. */
  readonly buildArgs: readonly string[];
  readonly tags: readonly string[];
  /** Of a build that succeeded. */
  readonly result?: Omit<BuildResult, 'id' | 'durationMs'> | undefined;
  /** Of steps, as far as the build came. */
  readonly steps: { readonly total: number; readonly cached: number; readonly ran: number };
  readonly warnings: number;
  readonly error?: ErrorRecord | undefined;
}
