import type { SlipwayError, SourceSpan } from '../base/index.ts';
import type { Digest } from '../oci/index.ts';
import type { MissReason } from './explain.ts';

/** Names a line of progress: a vertex's digest, or a name the engine made up for its own work (`internal:…`, `export:…`). */
export type StepId = Digest | `internal:${string}` | `export:${string}`;

/** How the cache knew a result: by what the step is made of; by the content of its inputs; another build made it just now. */
export type CachedBy = 'definition' | 'content' | 'other-build';

/** What a build tells while it runs. One stream; the terminal, the plain log, JSON and the report are readers of it. */
export type BuildEvent =
  | {
      readonly kind: 'step-started';
      readonly step: StepId;
      readonly name: string;
      /** Of a vertex: the vertices that it takes its inputs from. */
      readonly inputs?: readonly Digest[];
      readonly atMs: number;
    }
  /** Bytes or items of one part of a step. `total` is 0 when it isn't known; `done` ends the part. */
  | {
      readonly kind: 'step-progress';
      readonly step: StepId;
      readonly part: string;
      readonly current: number;
      readonly total: number;
      readonly unit: 'bytes' | 'files' | 'none';
      readonly done: boolean;
      readonly atMs: number;
    }
  | { readonly kind: 'step-log'; readonly step: StepId; readonly stream: 1 | 2; readonly data: Uint8Array; readonly atMs: number }
  | {
      readonly kind: 'step-cached';
      readonly step: StepId;
      readonly name: string;
      readonly inputs?: readonly Digest[];
      readonly by: CachedBy;
      readonly atMs: number;
    }
  /** Why a step that ran could not come from the cache. */
  | { readonly kind: 'step-explained'; readonly step: StepId; readonly reasons: readonly MissReason[]; readonly atMs: number }
  | { readonly kind: 'step-done'; readonly step: StepId; readonly atMs: number }
  | { readonly kind: 'step-failed'; readonly step: StepId; readonly error: SlipwayError; readonly atMs: number }
  | { readonly kind: 'step-cancelled'; readonly step: StepId; readonly atMs: number }
  /** Stages that the targets don't need: nothing of them was looked at. */
  | {
      readonly kind: 'stages-skipped';
      readonly stages: readonly { readonly name: string; readonly line: number }[];
      readonly atMs: number;
    }
  | {
      readonly kind: 'warning';
      readonly message: string;
      readonly code?: string;
      readonly at?: SourceSpan;
      /** First line of the instruction it is about, 1-based. Absent: that of `at`. */
      readonly line?: number;
      readonly step?: StepId;
      readonly atMs: number;
    };

/** Where a part of the engine tells what happens. Must not throw. */
export type EmitEvent = (event: BuildEvent) => void;
