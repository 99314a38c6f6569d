import { toSlipwayError } from '../base/index.ts';
import { engineSettings } from '../engine/index.ts';
import { storePaths } from '../store/index.ts';
import { build as buildOnce } from './build.ts';
import { createHistoryWriter } from './history/writer.ts';
import type { BuildOptions, BuildResult } from './options.ts';

/**
 * Build a Dockerfile. Resolves when every output is written; what happens meanwhile is told through `onEvent`, and taken down in the
 * store's history.
 *
 * @throws {DockerfileError} mistakes in the Dockerfile, all of them. @throws {StepError} a RUN failed: exit code, last lines, place.
 * @throws {SlipwayError} anything else; `class` says who has to act.
 */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const { root } = engineSettings(options.engine ?? {}, process.env);
  using history = createHistoryWriter(storePaths(root), options, Date.now());
  const onEvent: NonNullable<BuildOptions['onEvent']> = (event) => {
    history.add(event);
    options.onEvent?.(event);
  };
  /** What keeps house must not turn a build that succeeded into a failure, nor hide why one failed. */
  const housekeeping = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      const { code, message } = toSlipwayError(thrown);
      options.onEvent?.({ kind: 'warning', message, code, atMs: Date.now() });
      return undefined;
    }
  };
  const keepLimit = async (): Promise<Pick<BuildResult, 'freed'>> => {
    const { cacheLimitBytes } = options;
    if (cacheLimitBytes === undefined) return {};
    const { keepCacheLimit } = await import('./cache-limit.ts');
    const freed = await keepCacheLimit(root, cacheLimitBytes, options.signal ?? new AbortController().signal);
    return freed === undefined ? {} : { freed };
  };
  let result: BuildResult;
  try {
    result = { ...(await buildOnce({ ...options, onEvent }, history.note)), id: history.id };
  } catch (thrown) {
    await housekeeping(() => history.finish({ thrown }));
    if (options.signal?.aborted !== true) await housekeeping(keepLimit);
    throw thrown;
  }
  const kept: BuildResult = { ...result, ...(await housekeeping(keepLimit)) };
  await housekeeping(() => history.finish({ result: kept }));
  return kept;
}
