import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isNotFound, Scope, SlipwayError } from '../base/index.ts';
import {
  type BaseImage,
  checkDockerfile,
  type Diagnostic,
  type Finding,
  type ParseResult,
  parseDockerfile,
  settingsFrom,
  violation,
} from '../dockerfile/index.ts';
import { engineSettings, openEngine } from '../engine/index.ts';
import { compile, type ResolvedImage } from '../frontend/index.ts';
import { formatPlatform } from '../oci/index.ts';
import { findContexts } from './contexts.ts';
import { hostPlatform, platformOf } from './host-platform.ts';
import { KnownImages } from './known-images.ts';
import { readDockerfile } from './load-dockerfile.ts';
import type { BuildOptions } from './options.ts';

export interface CheckOptions
  extends Pick<
    BuildOptions,
    'context' | 'file' | 'dockerfile' | 'buildArgs' | 'platform' | 'contexts' | 'pull' | 'engine' | 'signal'
  > {
  /** Stage name or index. Default: every stage. */
  readonly target?: string;
  /** Ask Slipway's own rules, too. Default: true. */
  readonly own?: boolean;
  /** Rules to leave out, besides those that the file names; `all` leaves out every one. */
  readonly skip?: readonly string[];
  /** Experimental rules to ask; `all` asks every one. */
  readonly experimental?: readonly string[];
  /** Findings are errors, as with `# check=error=true`. */
  readonly error?: boolean;
  /**
   * Look base images up, in the store and in their registries, for the rules that depend on them, and compile every
   * stage for the mistakes that only show then. Default: false, which needs no store and no network.
   */
  readonly lookUpImages?: boolean;
}

export interface CheckReport {
  /** Where the Dockerfile breaks rules, in the order in which BuildKit tells it. */
  readonly findings: readonly Finding[];
  /** Mistakes that stop every build. */
  readonly errors: readonly Diagnostic[];
  /** What a build would fail with before anything runs. */
  readonly buildError: SlipwayError | undefined;
  readonly fileName: string;
  /** The file as it was read. */
  readonly source: Uint8Array;
}

/**
 * Hold a Dockerfile against the rules. What is wrong with it is the result, not an error.
 *
 * @throws {SlipwayError} `BUILD_NO_DOCKERFILE`: there is nothing to check
 */
export async function check(options: CheckOptions = {}): Promise<CheckReport> {
  const context = options.context ?? '.';
  const { name: fileName, path, text: source } = readDockerfile(options, context);
  const parsed = parseDockerfile(source, fileName);
  const errors = parsed.diagnostics.filter(({ severity }) => severity === 'error');
  const ignoreFile = readFirst([
    ...(path === undefined ? [] : [`${path}.dockerignore`]),
    join(resolve(context), '.dockerignore'),
  ]);
  const platform = platformOf(options.platform);
  const request = {
    own: options.own ?? true,
    settings: settingsFrom(options),
    buildArgs: options.buildArgs,
    target: options.target,
    platform: formatPlatform(platform),
    buildPlatform: formatPlatform(hostPlatform()),
    ignoreFile,
  };
  const looked = options.lookUpImages === true && errors.length === 0 ? await lookUp(parsed, options) : undefined;
  try {
    const { findings, isError } = checkDockerfile(parsed, { ...request, baseImage: looked?.baseImage });
    const buildError = errorOf(errors) ?? looked?.error ?? (isError ? violation(findings) : undefined);
    return { findings, errors, buildError, fileName, source };
  } catch (error) {
    // Settings of the file that can't be read.
    if (error instanceof SlipwayError) return { findings: [], errors, buildError: error, fileName, source };
    throw error;
  }
}

function errorOf([first]: readonly Diagnostic[]): SlipwayError | undefined {
  return first && new SlipwayError(first.code, first.message, { at: first.at, hint: first.hint });
}

interface LookedUp {
  readonly baseImage: (name: string, platform: string) => BaseImage | undefined;
  readonly error: SlipwayError | undefined;
}

/** Compile every stage that the target needs, or every stage, and keep what was learned of images on the way. */
async function lookUp({ file }: ParseResult, options: CheckOptions): Promise<LookedUp> {
  await using scope = new Scope();
  const signal = options.signal ?? new AbortController().signal;
  const engine = scope.use(await openEngine(engineSettings(options.engine ?? {}, process.env)));
  const platform = platformOf(options.platform);
  const pull = options.pull ?? false;
  const contexts = findContexts({
    main: options.context ?? '.',
    ignoreFile: undefined,
    named: options.contexts ?? {},
    platform,
    engine,
    pull,
    signal,
  });
  const images = new Map<string, Promise<ResolvedImage>>();
  const known = new KnownImages(platform);
  const resolveImage = async (reference: string, wanted: typeof platform): Promise<ResolvedImage> => {
    const key = `${reference} ${formatPlatform(wanted)}`;
    const found = images.get(key) ?? engine.images.resolve(reference, wanted, { signal, pull });
    images.set(key, found);
    const image = await found;
    known.note(reference, wanted, image);
    return image;
  };
  let error: SlipwayError | undefined;
  const compiled = new Set<number>();
  const targets = options.target === undefined ? [...file.stages.keys()].reverse().map(String) : [options.target];
  for (const target of targets) {
    if (compiled.has(Number(target))) continue;
    try {
      const { stages } = await compile(
        file,
        {
          target,
          buildArgs: options.buildArgs ?? {},
          targetPlatform: platform,
          buildPlatform: hostPlatform(),
          contexts: contexts.named,
          ignorePatterns: contexts.ignorePatterns,
        },
        { resolveImage, contextTime: () => Promise.resolve(undefined) },
        signal,
      );
      for (const { index } of stages) compiled.add(index);
    } catch (thrown) {
      if (!(thrown instanceof SlipwayError) || thrown.class === 'cancelled') throw thrown;
      // A registry that can't be asked says nothing about the Dockerfile.
      if (thrown.class === 'input') error = thrown;
    }
  }
  return { error, baseImage: (name, wanted) => known.baseImage(name, wanted) };
}

function readFirst(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}
