import { checkDockerfile, settingsFrom, violation } from '../dockerfile/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import { hostPlatform } from './host-platform.ts';
import type { KnownImages } from './known-images.ts';
import type { LoadedDockerfile } from './load-dockerfile.ts';
import { nearBuildArgs } from './near-build-args.ts';
import type { BuildOptions } from './options.ts';
import { unknownStages } from './unknown-stages.ts';

/** What a build's checks look at. */
export interface BuildChecks {
  readonly options: BuildOptions;
  /** Stages that are built; `undefined` is the last one. */
  readonly targets: readonly (string | undefined)[];
  readonly loaded: LoadedDockerfile;
  readonly ignorePatterns: readonly string[];
  readonly platform: Platform;
  readonly images: KnownImages;
  readonly emit: EmitEvent;
}

/**
 * Tell what the rules say of the stages that are built.
 *
 * @throws {SlipwayError} `DF_LINT_VIOLATION` where the file or the options call that an error; `DF_BAD_CHECK`
 */
export function tellChecks({ options, targets, loaded, ignorePatterns, platform, images, emit }: BuildChecks): void {
  const answers = targets.map((target) =>
    checkDockerfile(
      { file: loaded.file, diagnostics: loaded.warnings },
      {
        own: true,
        settings: settingsFrom(options.checks ?? {}),
        buildArgs: options.buildArgs,
        target: target ?? '',
        platform: formatPlatform(platform),
        buildPlatform: formatPlatform(hostPlatform()),
        ignoreFile: ignorePatterns.join('\n'),
        baseImage: (name, wanted) => images.baseImage(name, wanted),
      },
    ),
  );
  const isError = answers.some((answer) => answer.isError);
  // Of targets that share a stage, each finds the same there.
  const all = answers.flatMap((answer) => answer.findings);
  const findings = [
    ...new Map(all.map((finding) => [JSON.stringify([finding.rule, finding.message, finding.at]), finding])).values(),
  ];
  const atMs = Date.now();
  // What has a rule is among the findings, unless it was skipped.
  for (const { message, code, rule, at } of loaded.warnings) {
    if (rule === undefined) emit({ kind: 'warning', message, code, at, atMs });
  }
  for (const { rule, message, at, lines } of findings)
    emit({ kind: 'warning', message, code: rule, at, line: lines.first, atMs });
  const doubts = [
    ...nearBuildArgs(loaded.file, options.buildArgs ?? {}),
    ...unknownStages(loaded.file, options.noCacheFilter ?? []),
  ];
  for (const message of doubts) emit({ kind: 'warning', message, atMs });
  const failure = isError ? violation(findings) : undefined;
  if (failure !== undefined) throw failure;
}
