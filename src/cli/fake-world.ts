import { Writable } from 'node:stream';
import type { World } from './command.ts';
import type { Environment } from './flags/key-values.ts';
import type { OutPort } from './io.ts';
import type { BuildOptions, BuildResult, Library } from './ports.ts';

export interface FakeOptions {
  readonly library?: Partial<Library>;
  readonly env?: Environment;
  readonly cwd?: string;
  /** What standard input holds; without it, it is a terminal. */
  readonly stdin?: string | Uint8Array;
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
}

/** A process and a library for tests of commands: everything written is kept, signals are sent by hand, time stands still. */
export interface FakeWorld extends World {
  stdout(): string;
  stderr(): string;
  /** Send a signal; without a listener it is counted as lost. */
  send(signal: NodeJS.Signals): void;
  /** Exit code the process was ended with, without clean-up. */
  diedWith(): number | undefined;
  listeners(): number;
  /** What `build` was called with. */
  readonly builds: BuildOptions[];
}

export const fakeResult: BuildResult = {
  id: 'b1',
  imageId: `sha256:${'1'.repeat(64)}`,
  manifestDigest: `sha256:${'2'.repeat(64)}`,
  names: [],
  steps: { total: 9, cached: 7, ran: 2 },
  stages: [],
  skippedStages: [],
  durationMs: 3400,
  imageSizeBytes: 12_340_000,
  targets: [],
};

export function createFakeWorld(options: FakeOptions = {}): FakeWorld {
  const builds: BuildOptions[] = [];
  const out = port(options.stdoutIsTerminal === true);
  const err = port(options.stderrIsTerminal === true);
  const listening = new Map<NodeJS.Signals, Set<() => void>>();
  let died: number | undefined;
  const missing = (): never => {
    throw new Error('the test gave no such function');
  };
  const library: Library = {
    build: (request) => {
      builds.push(request);
      return Promise.resolve({ ...fakeResult, names: request.tags ?? [] });
    },
    check: missing,
    checkParsed: missing,
    openShell: missing,
    outline: missing,
    targets: missing,
    importImage: missing,
    listImages: missing,
    removeImages: missing,
    saveImages: missing,
    loadImages: missing,
    pushImage: missing,
    pullImage: missing,
    tagImage: missing,
    runImage: missing,
    diskUsage: missing,
    doctor: missing,
    explain: missing,
    explainContext: missing,
    listContext: missing,
    pruneStore: missing,
    verifyBuild: missing,
    verifyImage: missing,
    verifyStore: missing,
    listBuilds: missing,
    inspectBuild: missing,
    buildEvents: missing,
    removeBuilds: missing,
    ...options.library,
  };
  const { stdin } = options;
  return {
    version: '1.2.3',
    library: () => Promise.resolve(library),
    io: {
      stdin: { isTerminal: stdin === undefined, stream: () => chunks(stdin ?? '') },
      stdout: out.port,
      stderr: err.port,
      env: options.env ?? {},
      cwd: options.cwd ?? process.cwd(),
      clock: { nowMs: () => 0, every: () => ({ [Symbol.dispose]: () => undefined }) },
      onSignal(signals, work) {
        for (const signal of signals) listening.set(signal, (listening.get(signal) ?? new Set()).add(work));
        return {
          [Symbol.dispose]: () => {
            for (const signal of signals) listening.get(signal)?.delete(work);
          },
        };
      },
      unsettle: () => ({ [Symbol.dispose]: () => undefined }),
      die: (code) => {
        died = code;
      },
    },
    stdout: () => out.text(),
    stderr: () => err.text(),
    send: (signal) => {
      for (const work of listening.get(signal) ?? []) work();
    },
    diedWith: () => died,
    listeners: () => [...listening.values()].reduce((sum, works) => sum + works.size, 0),
    builds,
  };
}

async function* chunks(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  // In two pieces, as a pipe may give them.
  yield await Promise.resolve(bytes.subarray(0, 3));
  if (bytes.length > 3) yield bytes.subarray(3);
}

function port(isTerminal: boolean): { readonly port: OutPort; text(): string } {
  const written: Buffer[] = [];
  const write = (data: string | Uint8Array): void => {
    written.push(Buffer.from(data as string));
  };
  return {
    text: () => Buffer.concat(written).toString('utf8'),
    port: {
      isTerminal,
      isBroken: false,
      write,
      size: () => ({ columns: 80, rows: 24 }),
      stream: () =>
        new Writable({
          write(chunk: Uint8Array, _encoding, done) {
            write(chunk);
            done();
          },
        }),
      flush: () => Promise.resolve(),
    },
  };
}
