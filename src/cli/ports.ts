// The library as the command sees it. Tests hand in a fake; main.ts loads the real one.
import type {
  ImageSummary,
  ImportOptions,
  LoadOptions,
  PullOptions,
  PushOptions,
  RunImageOptions,
  SaveOptions,
} from '../build/image-options.ts';
import type { BuildOptions, BuildResult, EngineOptions } from '../build/options.ts';

export type {
  ImageSummary,
  ImportOptions,
  LoadOptions,
  PullOptions,
  PushOptions,
  RunImageOptions,
  SaveOptions,
} from '../build/image-options.ts';
export type { BuildOptions, BuildResult, EngineOptions, Output } from '../build/options.ts';
export { type BuildEvent, type EmitEvent, StepError, type StepId } from '../solver/index.ts';

interface WithEngine {
  readonly engine?: EngineOptions;
}

interface RemovedImage {
  readonly name: string;
  readonly deleted: boolean;
}

/** Everything a command may ask of the library. */
export interface Library {
  readonly build: (options: BuildOptions) => Promise<BuildResult>;
  readonly importImage: (options: ImportOptions) => Promise<ImageSummary>;
  readonly listImages: (options: WithEngine) => Promise<readonly ImageSummary[]>;
  readonly removeImages: (options: WithEngine & { readonly names: readonly string[] }) => Promise<readonly RemovedImage[]>;
  readonly saveImages: (options: SaveOptions) => Promise<void>;
  readonly loadImages: (options: LoadOptions) => Promise<readonly ImageSummary[]>;
  readonly pushImage: (options: PushOptions) => Promise<{ readonly digest: string }>;
  readonly pullImage: (options: PullOptions) => Promise<ImageSummary>;
  readonly tagImage: (options: WithEngine & { readonly source: string; readonly target: string }) => Promise<void>;
  readonly runImage: (options: RunImageOptions) => Promise<{ readonly exitCode: number }>;
}
