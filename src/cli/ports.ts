// The library as the command sees it. Tests hand in a fake; main.ts loads the real one. Types only: nothing here costs at start.
import type * as library from '../build/index.ts';

export type {
  BuildOptions,
  BuildResult,
  EngineOptions,
  ImageSummary,
  ImportOptions,
  LoadOptions,
  Output,
  PullOptions,
  PushOptions,
  RunImageOptions,
  SaveOptions,
  Secret,
} from '../build/index.ts';
export type { BuildEvent, EmitEvent, StepError, StepId } from '../build/index.ts';

type Face = typeof library;
type Asked =
  | 'build'
  | 'importImage'
  | 'listImages'
  | 'loadImages'
  | 'pullImage'
  | 'pushImage'
  | 'removeImages'
  | 'runImage'
  | 'saveImages'
  | 'tagImage';

/** Everything a command may ask of the library; a command always gives options. */
export type Library = { readonly [K in Asked]: (options: NonNullable<Parameters<Face[K]>[0]>) => ReturnType<Face[K]> };
