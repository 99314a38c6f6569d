import { type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import type { Io } from '../io.ts';
import type { PullOptions, PushOptions, StepId } from '../ports.ts';
import { chooseMode, startProgress } from '../progress/progress.ts';

// The commands that talk with a registry.

const progressFlags = {
  quiet: { kind: 'bool', short: 'q', about: 'show no progress' },
  progress: { kind: 'string', value: 'MODE', about: 'auto, tty, plain, json, rawjson or quiet' },
} as const;

export const pushCommand: Command = defineCommand({
  name: 'push',
  usage: '[OPTIONS] NAME',
  about: 'Push an image to the registry its name says',
  examples: [
    { line: 'slipway push registry.test/team/app:1.0', about: 'upload what the registry does not have; prints the digest' },
  ],
  flags: progressFlags,
  takes: { min: 1, max: 1 },
  async run({ flags, positionals, io, library, engine }) {
    const [name = ''] = positionals;
    using interrupt = interruptible(io, exitCodes.cancelled);
    const { pushImage } = await library();
    const asked = { flag: flags.text('progress'), quiet: flags.isOn('quiet') };
    const { digest } = await shown(`pushing ${name}`, asked, io, (onProgress) =>
      pushImage(compact<PushOptions>({ name, onProgress, signal: interrupt.signal, engine })),
    );
    io.stdout.write(`${digest}\n`);
    return exitCodes.ok;
  },
});

export const pullCommand: Command = defineCommand({
  name: 'pull',
  usage: '[OPTIONS] NAME',
  about: 'Fetch an image into the store',
  examples: [
    { line: 'slipway pull alpine:3.20', about: 'for this machine; prints the digest' },
    { line: 'slipway pull --platform linux/arm64 alpine', about: 'for another platform' },
  ],
  flags: {
    ...progressFlags,
    platform: {
      kind: 'string',
      value: 'OS/ARCH',
      about: "which platform's image (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
    },
  },
  takes: { min: 1, max: 1 },
  async run({ flags, positionals, io, library, engine }) {
    const [name = ''] = positionals;
    using interrupt = interruptible(io, exitCodes.cancelled);
    const { pullImage } = await library();
    const asked = { flag: flags.text('progress'), quiet: flags.isOn('quiet') };
    const platform = flags.text('platform') ?? (io.env['DOCKER_DEFAULT_PLATFORM'] || undefined);
    const image = await shown(`pulling ${name}`, asked, io, (onProgress) =>
      pullImage(compact<PullOptions>({ name, platform, onProgress, signal: interrupt.signal, engine })),
    );
    io.stdout.write(`${image.manifestDigest}\n`);
    return exitCodes.ok;
  },
});

/** Show a transfer as a build with one step is shown. */
async function shown<T>(
  name: string,
  asked: { readonly flag: string | undefined; readonly quiet: boolean },
  io: Io,
  work: (onProgress: NonNullable<PushOptions['onProgress']>) => Promise<T>,
): Promise<T> {
  const progress = startProgress(chooseMode(asked, io), {}, io);
  const step: StepId = 'internal:transfer';
  const now = (): number => io.clock.nowMs();
  progress.emit({ kind: 'step-started', step, name, atMs: now() });
  let isOk = false;
  try {
    const result = await work((part) => progress.emit({ kind: 'step-progress', step, ...part, unit: 'bytes', atMs: now() }));
    progress.emit({ kind: 'step-done', step, atMs: now() });
    isOk = true;
    return result;
  } finally {
    progress.finish(isOk);
  }
}
