import { setTimeout as sleep } from 'node:timers/promises';
import { nativeFunction } from './libc.ts';
import { errnoName, NativeError } from './native-error.ts';

const flockCall = nativeFunction<[number, number]>('flock', 'int', ['int', 'int']);
const operations = { shared: 1, exclusive: 2 } as const;
const nonBlocking = 4;
const unlock = 8;
const longestPauseMs = 50;

export type LockMode = keyof typeof operations;

/** Take the lock of the open file `fd`, or answer false when another open file holds it. @throws {NativeError} */
export function tryFlock(fd: number, mode: LockMode): boolean {
  const result = flockCall.raw(fd, operations[mode] | nonBlocking);
  if (result === 0) return true;
  const name = errnoName(-result);
  if (name === 'EAGAIN' || name === 'EWOULDBLOCK') return false;
  throw new NativeError('flock', `descriptor ${fd}`, -result);
}

/**
 * Wait for the lock of the open file `fd`. The kernel gives it back when the file is closed or the process dies.
 *
 * Asks again and again, every 50 ms in the end: a blocked call could not be abandoned.
 * @throws {NativeError}; `signal.reason` when it aborts, and then the lock is not held
 */
export async function flock(fd: number, mode: LockMode, options: { readonly signal: AbortSignal }): Promise<void> {
  const { signal } = options;
  signal.throwIfAborted();
  for (let pauseMs = 1; !tryFlock(fd, mode); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Give the lock back before the file is closed. @throws {NativeError} */
export function unflock(fd: number): void {
  flockCall.call(`descriptor ${fd}`, fd, unlock);
}
