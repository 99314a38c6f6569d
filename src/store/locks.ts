import { closeSync, openSync } from 'node:fs';
import type { StorePaths } from './paths.ts';

/** Kernel locks between the processes that share a store; a process that dies lets go of its own. */
export interface Locks {
  /** Wait until nobody else holds `name`, then hold it. */
  hold(name: string, signal: AbortSignal): Promise<Disposable>;
  /** Hold `name` if nobody else does. */
  tryHold(name: string): Promise<Disposable | undefined>;
}

/** The kernel's lock on an open file. */
export interface FileLock {
  /** Waits without stopping the event loop. */
  readonly flock: (fd: number, mode: 'exclusive', options: { readonly signal: AbortSignal }) => Promise<void>;
  readonly tryFlock: (fd: number, mode: 'exclusive') => boolean;
}

/** `load` brings the system calls: they are needed only where something is made. */
export function createLocks(paths: StorePaths, load: () => Promise<FileLock>): Locks {
  const open = (name: string): { readonly fd: number } & Disposable => {
    const fd = openSync(paths.lock(name), 'a', 0o600);
    let isOpen = true;
    return {
      fd,
      [Symbol.dispose]() {
        if (isOpen) closeSync(fd);
        isOpen = false;
      },
    };
  };
  return {
    async hold(name, signal) {
      const { flock } = await load();
      const file = open(name);
      try {
        await flock(file.fd, 'exclusive', { signal });
      } catch (error) {
        file[Symbol.dispose]();
        throw error;
      }
      return file;
    },
    async tryHold(name) {
      const { tryFlock } = await load();
      const file = open(name);
      if (tryFlock(file.fd, 'exclusive')) return file;
      file[Symbol.dispose]();
      return undefined;
    },
  };
}
