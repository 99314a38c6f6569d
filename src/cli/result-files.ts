import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SlipwayError } from '../base/index.ts';
import { compact } from './compact.ts';
import type { BuildResult } from './ports.ts';
import type { RawWarning } from './progress/raw-json.ts';

/**
 * Check that the file named by `flag` can be made, before the build.
 * @returns its absolute path
 * @throws {SlipwayError} `CLI_BAD_FLAG_VALUE` its directory does not exist
 */
export function resultPath(flag: string, path: string, cwd: string): string {
  const full = resolve(cwd, path);
  const isDirectory = (at: string): boolean => statSync(at, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory(dirname(full))) {
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${flag} ${path}\`: there is no directory ${dirname(full)}`, {
      hint: 'make the directory first',
    });
  }
  if (isDirectory(full))
    throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${flag} ${path}\` is a directory`, { hint: 'name a file' });
  return full;
}

/** The one line that stands for a build's result: the image ID, else the manifest's digest; `undefined` when no image was made. */
export function resultId(result: Pick<BuildResult, 'imageId' | 'manifestDigest'>): string | undefined {
  return result.imageId ?? result.manifestDigest;
}

/** The same for every target. */
export function resultIds(result: BuildResult): readonly string[] {
  return (result.targets.length > 1 ? result.targets : [result]).flatMap((target) => resultId(target) ?? []);
}

/**
 * What `--metadata-file` holds: the keys of Docker's, and the whole result under `slipway.result`. Of several targets, those keys stand
 * below the name of each stage, as `buildx bake` writes them. `warnings` are there when somebody asked for them.
 */
export function metadata(result: BuildResult, warnings?: readonly RawWarning[]): Readonly<Record<string, unknown>> {
  const ref = `default/default/${result.id}`;
  const targets = result.targets.length > 1 ? result.targets : [];
  return {
    ...(targets.length === 0 ? targetMetadata(ref, result) : {}),
    ...Object.fromEntries(targets.map((target) => [target.stage, targetMetadata(ref, target)])),
    ...(warnings === undefined ? {} : { 'buildx.build.warnings': warnings }),
    'slipway.result': result,
  };
}

function targetMetadata(
  ref: string,
  { imageId, manifestDigest, descriptor, names }: Pick<BuildResult, 'imageId' | 'manifestDigest' | 'descriptor' | 'names'>,
): Readonly<Record<string, unknown>> {
  return compact({
    'buildx.build.ref': ref,
    'containerimage.config.digest': imageId,
    'containerimage.descriptor': descriptor,
    'containerimage.digest': manifestDigest,
    'image.name': names.length === 0 ? undefined : names.join(','),
  });
}

/** Write beside and rename: a reader never sees half a file. */
export function writeAside(path: string, text: string): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { mode: 0o644 });
    chmodSync(beside, 0o644);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
