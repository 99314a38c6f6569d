import { runCli } from './dispatch.ts';
import { processIo } from './io.ts';
import type { Library } from './ports.ts';

/** Put in by the build. */
declare const SLIPWAY_VERSION: string | undefined;

// Not at the top level: the bundle is CommonJS, the only form whose compiled code Node 20 lets us keep.
async function main(): Promise<void> {
  const io = processIo();
  const code = await runCli(process.argv.slice(2), {
    io,
    library: async (): Promise<Library> => await import('../build/index.ts'),
    version: typeof SLIPWAY_VERSION === 'string' ? SLIPWAY_VERSION : 'from source',
  });
  await Promise.all([io.stdout.flush(), io.stderr.flush()]);
  // What was written has left; sockets kept alive for the next request must not keep the process.
  process.exit(code);
}

void main();
