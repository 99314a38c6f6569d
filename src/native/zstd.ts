import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { SlipwayError } from '../base/index.ts';

/** libzstd as WebAssembly, in threads: the same bytes on every machine. */
export interface ZstdThreads extends AsyncDisposable {
  /**
   * Compress `block` to one zstd frame; `level` is 1 to 22. Takes over the block's memory. The first calls start the threads.
   * @throws {SlipwayError} `NATIVE_ZSTD` the thread ended, or compressing failed.
   */
  readonly compress: (block: Uint8Array, level: number) => Promise<Uint8Array>;
}

interface Thread {
  readonly worker: Worker;
  /** Frames under way, in the order they were asked for. */
  readonly waiting: { readonly resolve: (frame: Uint8Array) => void; readonly reject: (error: Error) => void }[];
  /** Why the thread takes no more work. */
  failure?: Error;
}

/** What runs in each thread. As text, so that it is there in the bundle and in the sources alike. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const zstd = require(workerData);
const ready = zstd.init();
parentPort.on('message', async ({ block, level }) => {
  try {
    await ready;
    const frame = zstd.compress(block, level);
    parentPort.postMessage({ frame }, [frame.buffer]);
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
`;

/** @param count how many threads there are at most */
export function createZstdThreads(count: number): ZstdThreads {
  const threads: Thread[] = [];
  // Loaded at the first use: most commands compress nothing.
  let isEnded = false;
  let loading: Promise<typeof Worker> | undefined;
  const load = (): Promise<typeof Worker> => (loading ??= import('node:worker_threads').then((module) => module.Worker));
  const idlest = (start: typeof Worker): Thread => {
    const free = threads.find(({ waiting }) => waiting.length === 0);
    if (free !== undefined) return free;
    if (threads.length < count) {
      const thread = startThread(start);
      threads.push(thread);
      return thread;
    }
    return threads.reduce((best, thread) => (thread.waiting.length < best.waiting.length ? thread : best));
  };
  return {
    async compress(block, level) {
      const start = await load();
      if (isEnded) throw broken('the threads have ended');
      const { worker, waiting, failure } = idlest(start);
      if (failure !== undefined) throw failure;
      return await new Promise((resolve, reject) => {
        worker.postMessage({ block, level }, [block.buffer as ArrayBuffer]);
        waiting.push({ resolve, reject });
        worker.ref();
      });
    },
    async [Symbol.asyncDispose]() {
      isEnded = true;
      await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(start: typeof Worker): Thread {
  const module = createRequire(import.meta.url).resolve('@bokuweb/zstd-wasm');
  const worker = new start(program, { eval: true, workerData: module });
  const thread: Thread = { worker, waiting: [] };
  worker.on('message', ({ frame, error }: { readonly frame?: Uint8Array; readonly error?: string }) => {
    const next = thread.waiting.shift();
    // An idle thread keeps nobody waiting for the end of the process.
    if (thread.waiting.length === 0) worker.unref();
    if (frame !== undefined) next?.resolve(frame);
    else next?.reject(broken(error ?? ''));
  });
  const fail = (cause: unknown): void => {
    thread.failure ??= broken('the thread ended', cause);
    for (const { reject } of thread.waiting.splice(0)) reject(thread.failure);
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(undefined));
  return thread;
}

function broken(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('NATIVE_ZSTD', `cannot compress with zstd: ${why}`, {
    class: 'internal',
    cause,
    hint: 'use `compression=gzip`, and report this',
  });
}
