import { cancelled, SlipwayError, toSlipwayError } from '../base/index.ts';
import { type Engine, engineSettings, openEngine } from '../engine/index.ts';
import type { EngineOptions } from './options.ts';

/** Open an engine for one call of the library. */
export async function withEngine<T>(
  options: { readonly engine?: EngineOptions; readonly signal?: AbortSignal },
  work: (engine: Engine, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = options.signal ?? new AbortController().signal;
  return await cancellable(signal, async () => {
    await using engine = await openEngine(engineSettings(options.engine ?? {}, process.env));
    return await work(engine, signal);
  });
}

/** Who aborts may give any reason, or none: what leaves the library is a `SlipwayError`. */
export async function cancellable<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw signal.aborted && !(thrown instanceof SlipwayError) ? cancelled(thrown) : toSlipwayError(thrown);
  }
}
