import type { SourceSpan } from '../base/index.ts';
import type { Edge, Graph } from '../graph/index.ts';
import type { Digest, HistoryEntry, Platform, RunConfig } from '../oci/index.ts';

/** A Dockerfile as a graph, and what the image will say of itself. */
export type Compiled = CompiledFile & CompiledTarget;

/** The same for several targets. */
export interface CompiledTargets extends CompiledFile {
  readonly targets: readonly CompiledTarget[];
}

export interface CompiledTarget {
  /** Display name of the stage. */
  readonly stage: string;
  /** Its root file system; `undefined` is the empty one. */
  readonly result: Edge | undefined;
  readonly image: CompiledImage;
}

export interface CompiledFile {
  readonly graph: Graph;
  /** The stages that a target needs, in the order of the file. */
  readonly stages: readonly CompiledStage[];
  /** The others: nothing of them was looked at. */
  readonly skippedStages: readonly { readonly name: string; readonly line: number }[];
  /** Progress names: `[build 2/3] RUN make`. */
  readonly names: ReadonlyMap<Digest, string>;
  /** The instructions a vertex was made for. */
  readonly locations: ReadonlyMap<Digest, readonly SourceSpan[]>;
  /** The first stage that needed a vertex, by its display name. */
  readonly stageOf: ReadonlyMap<Digest, string>;
  /** Vertices to run again whatever the cache says. */
  readonly ignoreCache: ReadonlySet<Digest>;
  readonly warnings: readonly CompileWarning[];
}

/** The image config, but for what only a build knows: times, and diff IDs of new layers. */
export interface CompiledImage {
  readonly platform: Platform;
  readonly config: RunConfig;
  readonly author: string | undefined;
  /** Members of the base's config that this version doesn't know. */
  readonly unknown: Readonly<Record<string, unknown>>;
  /** Layers and history of the base image: unchanged, below all that is new. */
  readonly baseDiffIds: readonly Digest[];
  readonly baseHistory: readonly HistoryEntry[];
  readonly history: readonly CompiledHistory[];
  /** `SOURCE_DATE_EPOCH`: seconds since 1970. */
  readonly epochSec?: number | undefined;
}

export interface CompiledHistory {
  readonly createdBy: string;
  readonly comment: 'buildkit.dockerfile.v0';
  readonly emptyLayer: boolean;
  /** RFC 3339: the time of the sources, where it is known. */
  readonly created?: string | undefined;
  /** What makes the layer; absent when `emptyLayer`, and where the step left nothing to stack (a merge of nothing). */
  readonly vertex?: Edge;
}

export interface CompiledStage {
  readonly index: number;
  /** The name after AS. */
  readonly name: string | undefined;
  /** The name, else `stage-<index>`. */
  readonly displayName: string;
  readonly result: Edge | undefined;
  /** What its own instructions added, in order. */
  readonly vertices: readonly Digest[];
  readonly isTarget: boolean;
}

/** A doubt that does not stop the build. */
export interface CompileWarning {
  /** The rule's name as BuildKit spells it. */
  readonly rule: string;
  readonly message: string;
  readonly at: SourceSpan;
}
