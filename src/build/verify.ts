import type { BuildVerification, ImageVerification, VerifyBuildOptions, VerifyImageOptions } from './verify/verify.ts';

export type { ImageProblem } from './verify/check-image.ts';
export type { ImageDifference } from './verify/compare-images.ts';
export type { ImageRebuild } from './verify/rebuild-image.ts';
export type { BuildVerification, ImageVerification, VerifyBuildOptions, VerifyImageOptions } from './verify/verify.ts';

// What looks at whole images is loaded when somebody asks for it.

/**
 * Build twice, each time in a new store with nothing in its cache, and hold the two images against each other. Images that the store of
 * `options.engine` has under a name are taken from there.
 */
export async function verifyBuild(options: VerifyBuildOptions = {}): Promise<BuildVerification> {
  return await (await import('./verify/verify.ts')).verifyBuild(options);
}

/** Read an image whole and hold everything it says of itself against its bytes; with `rebuild`, also do its build again. Changes nothing. */
export async function verifyImage(options: VerifyImageOptions): Promise<ImageVerification> {
  return await (await import('./verify/verify.ts')).verifyImage(options);
}
