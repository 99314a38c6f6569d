import { formatPlatform } from '../oci/index.ts';
import { outline as outlineOf, type Outline } from '../dockerfile/index.ts';
import { findTarget, type ListedStage, listStages } from '../frontend/index.ts';
import { hostPlatform, platformOf } from './host-platform.ts';
import { loadDockerfile } from './load-dockerfile.ts';
import { withDockerfile } from './load-input.ts';
import type { BuildOptions } from './options.ts';

export interface OutlineOptions
  extends Pick<
    BuildOptions,
    'context' | 'contextTar' | 'file' | 'dockerfile' | 'buildArgs' | 'platform' | 'secrets' | 'ssh' | 'engine' | 'signal'
  > {
  /** Stage name or index; default: the last stage. */
  readonly target?: string;
}

export interface StageOutline extends Outline {
  /** The Dockerfile as it was read. */
  readonly source: Uint8Array;
}

export interface TargetList {
  readonly stages: readonly ListedStage[];
  readonly source: Uint8Array;
}

/**
 * What may be given to a build of the target: arguments, secrets and agents that it and the stages it needs use. Looks
 * at nothing but the Dockerfile.
 *
 * @throws {DockerfileError} mistakes in the Dockerfile. @throws {SlipwayError} `FE_UNKNOWN_TARGET`
 */
export async function outline(options: OutlineOptions = {}): Promise<StageOutline> {
  const { file, source } = await withDockerfile(options, (local) => loadDockerfile(local, local.context ?? '.'));
  const found = outlineOf(file, findTarget(file, options.target), {
    buildArgs: options.buildArgs,
    platform: formatPlatform(platformOf(options.platform)),
    buildPlatform: formatPlatform(hostPlatform()),
  });
  return { ...found, source };
}

/** The stages that may be built. @throws {DockerfileError} mistakes in the Dockerfile */
export async function targets(options: OutlineOptions = {}): Promise<TargetList> {
  const { file, source } = await withDockerfile(options, (local) => loadDockerfile(local, local.context ?? '.'));
  return { stages: listStages(file), source };
}
