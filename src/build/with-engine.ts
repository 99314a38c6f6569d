import { type Engine, engineSettings, openEngine } from '../engine/index.ts';
import type { EngineOptions } from './options.ts';

/** Open an engine for one call of the library. */
export async function withEngine<T>(options: { readonly engine?: EngineOptions; readonly signal?: AbortSignal }, work: (engine: Engine, signal: AbortSignal) => Promise<T>): Promise<T> {
  await using engine = await openEngine(engineSettings(options.engine ?? {}, process.env));
  return await work(engine, options.signal ?? new AbortController().signal);
}
