import { setTimeout as delay } from 'node:timers/promises';
import type { HostFailure } from './failure.ts';

/** Time as the client sees it. Tests inject their own. */
export interface RegistryTuning {
  /** Milliseconds, any origin. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Until a connection stands. */
  readonly connectTimeoutMs: number;
  /** From the end of the request to the answer's headers. Writing a big upload to its disk may keep a server busy. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of a body. */
  readonly idleTimeoutMs: number;
  /** How often one thing is asked for before giving up; an attempt that ended in one of our time limits counts twice. */
  readonly maxTries: number;
  /** Longest wait that a server may ask for with `Retry-After`. */
  readonly maxRetryAfterMs: number;
}

export const defaultTuning: RegistryTuning = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 120_000,
  idleTimeoutMs: 60_000,
  maxTries: 6,
  maxRetryAfterMs: 60_000,
};

/** Counts the tries of one thing. */
export class Backoff {
  readonly #tuning: RegistryTuning;
  #used = 0;
  #waits = 0;

  constructor(tuning: RegistryTuning) {
    this.#tuning = tuning;
  }

  /** Wait as `failure` demands and say true, or say false at once when trying again is pointless. */
  async wait(failure: HostFailure, signal: AbortSignal): Promise<boolean> {
    const { transient, timedOut, retryAfterMs } = failure.details;
    if (transient !== true) return false;
    if (retryAfterMs !== undefined && retryAfterMs > this.#tuning.maxRetryAfterMs) return false;
    this.#used += timedOut === true ? 2 : 1;
    if (this.#used >= this.#tuning.maxTries) return false;
    const waitMs = retryAfterMs ?? Math.min(1000 * 2 ** this.#waits, 30_000);
    this.#waits += 1;
    await this.#tuning.sleep(waitMs, signal);
    signal.throwIfAborted();
    return true;
  }

  /** Something was achieved since the last failure. */
  reset(): void {
    this.#used = 0;
    this.#waits = 0;
  }
}

/** `Retry-After` as milliseconds from `nowMs` (Unix): seconds or an HTTP date. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
