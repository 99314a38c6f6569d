import { fstatSync, writeSync } from 'node:fs';
import { isNodeError } from '../base/index.ts';
import type { Environment } from './flags/key-values.ts';
import { unsettle } from './unsettle.ts';

/** One of the two outgoing streams. */
export interface OutPort {
  readonly isTerminal: boolean;
  /** Write now; an output whose reader went away swallows it. */
  write(data: string | Uint8Array): void;
  /** Columns and rows of the terminal as it is now. */
  size(): { readonly columns: number; readonly rows: number };
  /** For much data, with back pressure. */
  stream(): NodeJS.WritableStream;
  /** Everything written has left the process. */
  flush(): Promise<void>;
  /** Did the reader go away? */
  readonly isBroken: boolean;
}

export interface InPort {
  readonly isTerminal: boolean;
  stream(): AsyncIterable<Uint8Array>;
}

interface Clock {
  nowMs(): number;
  every(intervalMs: number, work: () => void): Disposable;
}

/** Everything a command may touch of the process it runs in. */
export interface Io {
  readonly stdin: InPort;
  readonly stdout: OutPort;
  readonly stderr: OutPort;
  readonly env: Environment;
  readonly cwd: string;
  readonly clock: Clock;
  /** Call `work` at each of these signals, until disposed. */
  onSignal(signals: readonly NodeJS.Signals[], work: () => void): Disposable;
  /** Change what of the process must show in no build, until disposed: umask, time zone, language, current and temporary directory. */
  unsettle(): Disposable;
  /** End the process at once, without clean-up. */
  die(code: number): void;
}

/** The real process. */
export function processIo(): Io {
  return {
    stdin: {
      get isTerminal() {
        return isTerminal(0);
      },
      stream: () => process.stdin,
    },
    stdout: outPort(1, () => process.stdout),
    stderr: outPort(2, () => process.stderr),
    env: environment(process.env),
    cwd: process.cwd(),
    clock: {
      nowMs: () => Date.now(),
      every(intervalMs, work) {
        const timer = setInterval(work, intervalMs);
        return { [Symbol.dispose]: () => clearInterval(timer) };
      },
    },
    onSignal(signals, work) {
      for (const signal of signals) process.on(signal, work);
      return {
        [Symbol.dispose]: () => {
          for (const signal of signals) process.off(signal, work);
        },
      };
    },
    unsettle,
    die: (code) => process.exit(code),
  };
}

/** The launcher moved this variable away from Node; who asks for it by name should find it. */
function environment(env: NodeJS.ProcessEnv): Environment {
  const moved = env['SLIPWAY_EXTRA_CA_CERTS'];
  return moved !== undefined && env['NODE_EXTRA_CA_CERTS'] === undefined ? { ...env, NODE_EXTRA_CA_CERTS: moved } : env;
}

/**
 * Small writes go straight to the descriptor: making Node's stream object costs a millisecond, and a cached build lasts some tens of them.
 * The stream is made when somebody needs it, or when the descriptor can't take more without waiting.
 */
function outPort(descriptor: 1 | 2, stream: () => NodeJS.WriteStream): OutPort {
  let made: NodeJS.WriteStream | undefined;
  let isBroken = false;
  const open = (): NodeJS.WriteStream => {
    if (made === undefined) {
      made = stream();
      made.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') isBroken = true;
      });
    }
    return made;
  };
  const write = (data: string | Uint8Array): void => {
    if (isBroken) return;
    if (made !== undefined) {
      made.write(data);
      return;
    }
    let rest = typeof data === 'string' ? Buffer.from(data) : data;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!isNodeError(error)) throw error;
      if (error.code === 'EAGAIN') open().write(rest);
      else if (error.code === 'EPIPE') isBroken = true;
      else if (error.code !== 'EBADF') throw error;
    }
  };
  return {
    get isTerminal() {
      return isTerminal(descriptor);
    },
    get isBroken() {
      return isBroken;
    },
    write,
    size() {
      const { columns, rows } = open();
      return { columns: columns || 80, rows: rows || 24 };
    },
    stream: open,
    flush: () =>
      made === undefined || isBroken ? Promise.resolve() : new Promise((resolve) => made?.write('', () => resolve())),
  };
}

/** Most descriptors are files and pipes: asking the stream, which must be made for it, is left to the others. */
function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false; // a closed descriptor is no terminal
  }
  return (descriptor === 0 ? process.stdin : descriptor === 1 ? process.stdout : process.stderr).isTTY;
}
