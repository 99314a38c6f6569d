// The library as the command sees it. Tests hand in a fake; main.ts loads the real one. Types only: nothing here costs at start.
import type * as library from '../build/index.ts';

export type {
  Annotation,
  BuildExplanation,
  BuildOptions,
  BuildRecord,
  BuildResult,
  ContextListing,
  ContextVerdict,
  BuildVerification,
  ImageVerification,
  VerifyImageOptions,
  DiskUsage,
  CheckOptions,
  EngineOptions,
  ExplainedStep,
  FailedExport,
  DoctorFinding,
  ImageSummary,
  ImportOptions,
  LoadOptions,
  Output,
  PruneOptions,
  PullOptions,
  PushOptions,
  RunImageOptions,
  SaveOptions,
  Secret,
  ShellOptions,
  ShellPlace,
  UsageRecord,
} from '../build/index.ts';
export type { BuildEvent, EmitEvent, FileChanges, MissReason, StepError, StepId } from '../build/index.ts';

type Face = typeof library;
type Asked =
  | 'build'
  | 'buildEvents'
  | 'check'
  | 'checkParsed'
  | 'diskUsage'
  | 'doctor'
  | 'explain'
  | 'explainContext'
  | 'importImage'
  | 'inspectBuild'
  | 'listBuilds'
  | 'listContext'
  | 'listImages'
  | 'loadImages'
  | 'openShell'
  | 'outline'
  | 'pruneStore'
  | 'pullImage'
  | 'pushImage'
  | 'removeBuilds'
  | 'removeImages'
  | 'runImage'
  | 'saveImages'
  | 'tagImage'
  | 'verifyBuild'
  | 'verifyImage'
  | 'verifyStore'
  | 'targets';

/** Everything a command may ask of the library; a command always gives options. */
export type Library = { readonly [K in Asked]: (options: NonNullable<Parameters<Face[K]>[0]>) => ReturnType<Face[K]> };
