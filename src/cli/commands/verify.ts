import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseSecrets } from '../flags/secret.ts';
import { parseSshAgents } from '../flags/ssh.ts';
import { interruptible } from '../interrupt.ts';
import type { BuildVerification, ImageVerification, Output, VerifyImageOptions } from '../ports.ts';
import { chooseMode, startProgress } from '../progress/progress.ts';
import { reportError } from '../report-error.ts';
import { type BuildCall, readRequest } from './build.ts';
import { buildFlags } from './build-flags.ts';

const flags = {
  ...buildFlags,
  'digests-only': { kind: 'bool', about: 'of an IMAGE, compute digests again; build nothing' },
  all: { kind: 'bool', about: 'name every difference, not only ten' },
  json: { kind: 'bool', about: 'one JSON object, for scripts' },
} as const;

type VerifyCall = Call<typeof flags>;

export const verifyCommand: Command = defineCommand({
  name: 'verify',
  usage: '[OPTIONS] PATH | IMAGE',
  about: 'Show that a build gives the same image again, or that an image is what it says',
  details:
    'PATH is a build context: it is built twice, each time with an empty cache, at another time, in another current and temporary directory, under another umask, time zone and language, and what differs is named with the step that made it. Flags are those of `slipway build`.\n' +
    'IMAGE is a name or an id in the store, an OCI layout or archive, or a name in a registry: every digest, size and diff ID is computed again. Where `slipway history` has the build that gave it, that is done again too, with an empty cache, the same base images and the contexts as they lie there now; the files of each layer are held against it. `--secret` and `--ssh` give its steps what they ask for.\n' +
    'Exit code 0: the same, or whole; 1: not.',
  examples: [
    { line: 'slipway verify .', about: 'does this Dockerfile always give the same image?' },
    { line: 'slipway verify --reproducible --target app .', about: 'and with the time of the sources in place of the clock?' },
    { line: 'slipway verify app:1.0', about: 'is this image whole, and would its build give it again?' },
    { line: 'slipway verify --digests-only registry.test/app:1.0', about: 'is what the registry has whole?' },
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
  return textOf([
    `the builds gave different images: ${digests[0]} and ${digests[1]}`,
    ...differenceLines(differences, { all, link: 'then' }),
  ]);
}

function differenceLines(
  differences: BuildVerification['differences'],
  { all, link }: { readonly all: boolean; readonly link: string },
): readonly string[] {
  const lines: string[] = [];
  let step: string | undefined;
  const shown = all ? differences : differences.slice(0, shownDifferences);
  const hinted = new Set<string>();
  for (const { path, what, first, second, hint, ...made } of shown) {
    if (made.step !== step) lines.push('', made.step ?? 'what the image says of itself');
    step = made.step;
    lines.push(`  ${path}: ${what === 'config' ? '' : `${what} `}${first}, ${link} ${second}`);
    if (hint !== undefined && !hinted.has(hint)) lines.push(`    hint: ${hint}`);
    hinted.add(hint ?? '');
  }
  if (shown.length < differences.length) lines.push('', `… and ${differences.length - shown.length} more; \`--all\` shows them`);
  return lines;
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

async function runImage(call: VerifyCall): Promise<number> {
  const { flags: given, positionals, io, library, engine } = call;
  const [image = ''] = positionals;
  const progress = startProgress(
    chooseMode({ flag: given.text('progress'), quiet: given.isOn('quiet') }, io),
    { target: undefined },
    io,
  );
  using interrupt = interruptible(io, exitCodes.cancelled);
  try {
    const { verifyImage } = await library();
    const found = await verifyImage(
      compact<VerifyImageOptions>({
        image,
        platform: given.list('platform')[0],
        rebuild: !given.isOn('digests-only'),
        secrets: parseSecrets(given.list('secret'), io.env, io.cwd),
        ssh: parseSshAgents(given.list('ssh'), io.env, io.cwd),
        between: () => io.unsettle(),
        onEvent: progress.emit,
        engine,
        signal: interrupt.signal,
      }),
    );
    progress.finish(true);
    if (given.isOn('json')) io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else io.stdout.write(imageReport(found, given.isOn('all')));
    return isProved(found) ? exitCodes.ok : exitCodes.step;
  } catch (thrown) {
    progress.finish(false);
    return await reportError(thrown, io, { debug: call.debug, logsShown: progress.showsLogs, sourceText: () => undefined });
  }
}

/** That an image could not be built again proves nothing, for or against it. */
function isProved({ problems, rebuild }: ImageVerification): boolean {
  return problems.length === 0 && !(rebuild?.kind === 'rebuilt' && rebuild.differences.length > 0);
}

function imageReport({ digests, problems, rebuild }: ImageVerification, all: boolean): string {
  if (problems.length > 0) return textOf(problems.map(({ at, message }) => `${at}: ${message}`));
  return textOf([...digests.map((digest) => `${digest} is whole`), ...(rebuild === undefined ? [] : rebuildLines(rebuild, all))]);
}

function rebuildLines(rebuild: NonNullable<ImageVerification['rebuild']>, all: boolean): readonly string[] {
  if (rebuild.kind === 'not-rebuilt') return [`not built again: ${rebuild.why}`];
  const { build, changedSteps, differences } = rebuild;
  const changed = changedSteps.map((step) => `what \`${step}\` takes from its context is not what it was then`);
  if (differences.length === 0) return [`build ${build}, done again with an empty cache, gave the same layers`, ...changed];
  const onlyTimes = differences.every(({ what }) => what === 'mtime') ? ', by their times only' : '';
  return [
    `build ${build}, done again with an empty cache, gave other layers${onlyTimes}`,
    ...changed,
    ...differenceLines(differences, { all, link: 'now' }),
  ];
}
