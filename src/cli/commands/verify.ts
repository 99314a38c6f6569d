import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Call, type Command, defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import type { BuildVerification, ImageVerification, Output } from '../ports.ts';
import { chooseMode, startProgress } from '../progress/progress.ts';
import { reportError } from '../report-error.ts';
import { type BuildCall, readRequest } from './build.ts';
import { buildFlags } from './build-flags.ts';

const flags = {
  ...buildFlags,
  all: { kind: 'bool', about: 'name every difference, not only ten' },
  json: { kind: 'bool', about: 'one JSON object, for scripts' },
} as const;

type VerifyCall = Call<typeof flags>;

export const verifyCommand: Command = defineCommand({
  name: 'verify',
  usage: '[OPTIONS] PATH | IMAGE',
  about: 'Show that a build gives the same image again, or that an image is what it says',
  details:
    'PATH is a build context: it is built twice, each time with an empty cache, at another time, under another umask, time zone and language, and what differs is named with the step that made it. Flags are those of `slipway build`.\n' +
    'IMAGE is a name or an id in the store, an OCI layout or archive, or a name in a registry: every digest, size and diff ID is computed again.\n' +
    'Exit code 0: the same, or whole; 1: not.',
  examples: [
    { line: 'slipway verify .', about: 'does this Dockerfile always give the same image?' },
    { line: 'slipway verify --reproducible --target app .', about: 'and with the time of the sources in place of the clock?' },
    { line: 'slipway verify registry.test/app:1.0', about: 'is what the registry has whole?' },
    { line: 'slipway verify app.tar', about: 'an archive' },
  ],
  flags,
  takes: { min: 1, max: 1 },
  run: (call) => (isContext(call.positionals[0] ?? '', call.io.cwd) ? runBuilds(call) : runImage(call)),
});

/** A directory that is no image. */
function isContext(subject: string, cwd: string): boolean {
  if (subject === '-') return true;
  const path = resolve(cwd, subject);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && !existsSync(join(path, 'oci-layout'));
}

async function runBuilds(call: VerifyCall): Promise<number> {
  const { flags: given, io } = call;
  const mode = chooseMode({ flag: given.text('progress'), quiet: given.isOn('quiet') }, io);
  const { options, outputs = [], input } = await readRequest(call as unknown as BuildCall);
  using _input = input;
  const { outputs: _outputs, tags: _tags, onFail: _onFail, ...request } = options;
  const progress = startProgress(mode, { target: undefined }, io);
  using interrupt = interruptible(io, exitCodes.cancelled);
  try {
    const { verifyBuild } = await call.library();
    const image = outputs.find(isImage);
    const found = await verifyBuild({
      ...request,
      ...(image === undefined ? {} : { image: attributesOf(image) }),
      between: () => io.unsettle(),
      signal: interrupt.signal,
      onEvent: progress.emit,
    });
    progress.finish(true);
    if (given.isOn('json')) io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else io.stdout.write(buildReport(found, given.isOn('all')));
    return found.isReproducible ? exitCodes.ok : exitCodes.step;
  } catch (thrown) {
    progress.finish(false);
    const sourceText = (file: string): string | undefined => input.sourceText(file);
    return await reportError(thrown, io, { debug: call.debug, logsShown: progress.showsLogs, sourceText });
  }
}

type ImageOutput = Extract<Output, { type: 'image' | 'oci' | 'docker' }>;

function isImage(output: Output): output is ImageOutput {
  return output.type === 'image' || output.type === 'oci' || output.type === 'docker';
}

/** How the image is written, without where to. */
function attributesOf(output: ImageOutput): Omit<ImageOutput, 'type' | 'names'> {
  const { compression, compressionLevel, forceCompression, ociMediaTypes, sourceDateEpoch, rewriteTimestamp, annotations } =
    output;
  const all = { compression, compressionLevel, forceCompression, ociMediaTypes, sourceDateEpoch, rewriteTimestamp, annotations };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const shownDifferences = 10;

function buildReport({ isReproducible, digests, differences }: BuildVerification, all: boolean): string {
  if (isReproducible) return `both builds gave ${digests[0]}\n`;
  const lines = [`the builds gave different images: ${digests[0]} and ${digests[1]}`];
  let step: string | undefined;
  const shown = all ? differences : differences.slice(0, shownDifferences);
  const hinted = new Set<string>();
  for (const { path, what, first, second, hint, ...made } of shown) {
    if (made.step !== step) lines.push('', made.step ?? 'what the image says of itself');
    step = made.step;
    lines.push(`  ${path}: ${what === 'config' ? '' : `${what} `}${first}, then ${second}`);
    if (hint !== undefined && !hinted.has(hint)) lines.push(`    hint: ${hint}`);
    hinted.add(hint ?? '');
  }
  if (shown.length < differences.length) lines.push('', `… and ${differences.length - shown.length} more; \`--all\` shows them`);
  return `${lines.join('\n')}\n`;
}

async function runImage({ flags: given, positionals, io, library, engine }: VerifyCall): Promise<number> {
  using interrupt = interruptible(io, exitCodes.cancelled);
  const [image = ''] = positionals;
  const platform = given.list('platform')[0];
  const { verifyImage } = await library();
  const found = await verifyImage({ image, ...(platform === undefined ? {} : { platform }), engine, signal: interrupt.signal });
  if (given.isOn('json')) io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else io.stdout.write(imageReport(found));
  return found.problems.length === 0 ? exitCodes.ok : exitCodes.step;
}

function imageReport({ digests, problems }: ImageVerification): string {
  if (problems.length === 0) return digests.map((digest) => `${digest} is whole\n`).join('');
  return problems.map(({ at, message }) => `${at}: ${message}\n`).join('');
}
