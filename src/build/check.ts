import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ifFile, Scope } from '../base/index.ts';
import { type CheckRequest, type ParseResult, parseDockerfile, settingsFrom } from '../dockerfile/index.ts';
import { engineSettings, openEngine } from '../engine/index.ts';
import { type ResolvedImage, type Verdict, verdictOf } from '../frontend/index.ts';
import { formatPlatform } from '../oci/index.ts';
import { findContexts } from './contexts.ts';
import { hostPlatform, platformOf } from './host-platform.ts';
import { KnownImages } from './known-images.ts';
import { readDockerfile } from './load-dockerfile.ts';
import { withDockerfile } from './load-input.ts';
import type { BuildOptions } from './options.ts';

export interface CheckOptions
  extends Pick<
    BuildOptions,
    | 'context'
    | 'contextTar'
    | 'file'
    | 'dockerfile'
    | 'buildArgs'
    | 'platform'
    | 'contexts'
    | 'secrets'
    | 'ssh'
    | 'pull'
    | 'engine'
    | 'signal'
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
   * Look base images up, in the store and in their registries, for the rules and mistakes that depend on them. Default:
   * false, which needs no store and no network.
   */
  readonly lookUpImages?: boolean;
}

export interface CheckReport extends Verdict {
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
  return await withDockerfile(options, checkLocal);
}

async function checkLocal(options: CheckOptions): Promise<CheckReport> {
  const context = options.context ?? '.';
  const { name: fileName, path, text: source } = readDockerfile(options, context);
  const parsed = parseDockerfile(source, fileName);
  const ignoreFile = readFirst([
    ...(path === undefined ? [] : [`${path}.dockerignore`]),
    join(resolve(context), '.dockerignore'),
  ]);
  const request = {
    own: options.own ?? true,
    settings: settingsFrom(options),
    buildArgs: options.buildArgs,
    target: options.target,
    platform: options.platform,
    ignoreFile,
  };
  const verdict = await (options.lookUpImages === true
    ? withImages(parsed, request, options)
    : checkParsed({ parsed, ...request }));
  return { ...verdict, fileName, source };
}

export interface CheckParsedOptions extends CheckRequest {
  readonly parsed: ParseResult;
  readonly signal?: AbortSignal | undefined;
}

/** What is wrong with a parsed Dockerfile, as far as that can be told without looking at any image. */
export function checkParsed({ parsed, signal, ...request }: CheckParsedOptions): Promise<Verdict> {
  const platform = platformOf(request.platform);
  const rules = { ...request, platform: formatPlatform(platform), buildPlatform: formatPlatform(hostPlatform()) };
  const options = {
    target: request.target,
    buildArgs: request.buildArgs ?? {},
    targetPlatform: platform,
    buildPlatform: hostPlatform(),
  };
  return verdictOf(parsed, { rules, options, ports: undefined }, signal ?? new AbortController().signal);
}

async function withImages(parsed: ParseResult, request: CheckRequest, options: CheckOptions): Promise<Verdict> {
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
  const rules = {
    ...request,
    platform: formatPlatform(platform),
    buildPlatform: formatPlatform(hostPlatform()),
    baseImage: (name: string, wanted: string) => known.baseImage(name, wanted),
  };
  const compile = {
    target: options.target,
    buildArgs: options.buildArgs ?? {},
    targetPlatform: platform,
    buildPlatform: hostPlatform(),
    contexts: contexts.named,
    ignorePatterns: contexts.ignorePatterns,
  };
  return verdictOf(
    parsed,
    { rules, options: compile, ports: { resolveImage, contextTime: () => Promise.resolve(undefined) } },
    signal,
  );
}

function readFirst(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const text = ifFile(() => readFileSync(path, 'utf8'));
    if (text !== undefined) return text;
  }
  return undefined;
}
