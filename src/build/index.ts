export { build } from './recorded-build.ts';
export type { Freed } from './cache-limit.ts';
export {
  buildEvents,
  type BuildEventsOptions,
  type BuildRecord,
  type BuildRefOptions,
  type ErrorRecord,
  inspectBuild,
  listBuilds,
  type ListBuildsOptions,
  removeBuilds,
  type RemoveBuildsOptions,
} from './history.ts';
export { type BuildExplanation, explain, type ExplainedStep, type ExplainOptions } from './explain.ts';
export { check, checkParsed, type CheckOptions, type CheckReport } from './check.ts';
export { doctor, type DoctorFinding } from './doctor.ts';
export { DockerfileError } from './dockerfile-error.ts';
export type {
  ImageSummary,
  ImportOptions,
  LoadOptions,
  PullOptions,
  PushOptions,
  RunImageOptions,
  SaveOptions,
} from './image-options.ts';
export { listImages, removeImages, tagImage } from './images.ts';
export { importImage } from './import.ts';
export type {
  Annotation,
  BuildOptions,
  BuildResult,
  EngineOptions,
  FailedExport,
  ImageAttributes,
  ImageDescriptor,
  ImageOutput,
  LayoutOutput,
  Output,
  Secret,
  StageReport,
  TargetResult,
} from './options.ts';
export {
  type ContextFile,
  type ContextListing,
  type ContextOptions,
  type ContextVerdict,
  explainContext,
  listContext,
} from './list-context.ts';
export { outline, type OutlineOptions, type StageOutline, type TargetList, targets } from './outline.ts';
export { pullImage } from './pull.ts';
export { runImage } from './run-image.ts';
export { openShell } from './open-shell.ts';
export type { ShellOptions, ShellPlace } from './shell-options.ts';
export { loadImages, pushImage, saveImages } from './transfer.ts';
export {
  type DiskUsage,
  diskUsage,
  type DiskUsageOptions,
  type HousekeepingOptions,
  type PruneOptions,
  pruneStore,
  type UsageRecord,
  verifyStore,
} from './usage.ts';
export {
  type BuildVerification,
  type ImageDifference,
  type ImageProblem,
  type ImageRebuild,
  type ImageVerification,
  verifyBuild,
  type VerifyBuildOptions,
  verifyImage,
  type VerifyImageOptions,
} from './verify.ts';
export { type BuildEvent, type EmitEvent, type FileChanges, type MissReason, StepError, type StepId } from '../solver/index.ts';
