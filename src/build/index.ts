export { build } from './build.ts';
export { DockerfileError } from './dockerfile-error.ts';
export type { ImageSummary, ImportOptions, LoadOptions, PullOptions, PushOptions, RunImageOptions, SaveOptions } from './image-options.ts';
export { listImages, removeImages, tagImage } from './images.ts';
export { importImage } from './import.ts';
export type { BuildOptions, BuildResult, EngineOptions, Output, StageReport } from './options.ts';
export { pullImage } from './pull.ts';
export { runImage } from './run-image.ts';
export { loadImages, pushImage, saveImages } from './transfer.ts';
