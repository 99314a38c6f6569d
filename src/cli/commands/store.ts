import { SlipwayError } from '../../base/index.ts';
import { type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import type { ImportOptions, LoadOptions, SaveOptions } from '../ports.ts';

// The commands that carry images into the store, out of it, and away.

export const importCommand: Command = defineCommand({
  name: 'import',
  usage: '[OPTIONS] TAR NAME',
  about: 'Make an image of one layer from a tar of a root file system',
  examples: [
    { line: 'mmdebstrap stable root.tar && slipway import root.tar debian:stable', about: 'a base image from Debian packages' },
    { line: 'slipway import --config config.json root.tar base', about: 'with Env, Cmd, WorkingDir, … of a JSON file' },
  ],
  flags: {
    config: {
      kind: 'string',
      value: 'FILE',
      about: 'a JSON object with the members of an OCI image config: Env, Cmd, WorkingDir, …',
    },
    platform: { kind: 'string', value: 'OS/ARCH', about: "the image's platform (default: this machine's)" },
  },
  takes: { min: 2, max: 2 },
  async run({ flags, positionals, io, library, engine }) {
    const [tar = '', name = ''] = positionals;
    if (tar === '-')
      throw new SlipwayError('CLI_NOT_SUPPORTED', 'a tar on standard input is not supported by `slipway import` yet', {
        hint: 'name a file',
      });
    using interrupt = interruptible(io, exitCodes.cancelled);
    const { importImage } = await library();
    const configFile = flags.text('config');
    const image = await importImage(
      compact<ImportOptions>({ tar, name, configFile, platform: flags.text('platform'), signal: interrupt.signal, engine }),
    );
    io.stdout.write(`${image.imageId}\n`);
    return exitCodes.ok;
  },
});

export const saveCommand: Command = defineCommand({
  name: 'save',
  usage: '[OPTIONS] NAME…',
  about: 'Write images as an archive',
  examples: [
    { line: 'slipway save -o app.tar app', about: 'an archive that `docker load` accepts' },
    { line: 'slipway save app | docker load', about: 'straight into Docker' },
    { line: 'slipway save --format oci -o app.oci.tar app', about: 'an OCI layout' },
  ],
  flags: {
    output: { kind: 'string', short: 'o', value: 'FILE', about: 'the archive (default: standard output)' },
    format: { kind: 'string', value: 'FORMAT', about: 'docker (default) or oci' },
  },
  takes: { min: 1 },
  async run({ flags, positionals, io, library, engine }) {
    const dest = flags.text('output') ?? '-';
    if (dest === '-' && io.stdout.isTerminal) {
      throw new SlipwayError('CLI_BAD_OUTPUT', 'an archive is not written to a terminal', {
        hint: 'add `-o FILE`, or redirect standard output',
      });
    }
    using interrupt = interruptible(io, exitCodes.cancelled);
    const { saveImages } = await library();
    const stdout = dest === '-' ? io.stdout.stream() : undefined;
    await saveImages(
      compact<SaveOptions>({
        names: positionals,
        dest,
        format: archiveFormat(flags.text('format')),
        stdout,
        signal: interrupt.signal,
        engine,
      }),
    );
    return exitCodes.ok;
  },
});

function archiveFormat(text: string | undefined): 'docker' | 'oci' | undefined {
  if (text === undefined || text === 'docker' || text === 'oci') return text;
  const known: Readonly<Record<string, 'docker' | 'oci'>> = { 'docker-archive': 'docker', 'oci-archive': 'oci' };
  const format = Object.hasOwn(known, text) ? known[text] : undefined;
  if (format !== undefined) return format;
  throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${text}\` is not a format of \`slipway save\``, { hint: 'use docker or oci' });
}

export const loadCommand: Command = defineCommand({
  name: 'load',
  usage: '[OPTIONS]',
  about: 'Read images from an archive of `docker save` or an OCI layout',
  examples: [
    { line: 'slipway load -i app.tar', about: 'from a file or a directory' },
    { line: 'docker save app | slipway load', about: 'straight from Docker' },
  ],
  flags: {
    input: { kind: 'string', short: 'i', value: 'FILE', about: 'the archive (default: standard input)' },
    quiet: { kind: 'bool', short: 'q', about: 'print nothing' },
  },
  takes: { min: 0, max: 0 },
  async run({ flags, io, library, engine }) {
    const source = flags.text('input') ?? '-';
    if (source === '-' && io.stdin.isTerminal) {
      throw new SlipwayError('CLI_ARGUMENTS', 'there is no archive on standard input', {
        hint: 'add `-i FILE`, or redirect standard input',
      });
    }
    using interrupt = interruptible(io, exitCodes.cancelled);
    const { loadImages } = await library();
    const stdin = source === '-' ? io.stdin.stream() : undefined;
    const images = await loadImages(compact<LoadOptions>({ source, stdin, signal: interrupt.signal, engine }));
    if (flags.isOn('quiet')) return exitCodes.ok;
    for (const image of images) {
      if (image.names.length === 0) io.stdout.write(`Loaded image ID: ${image.imageId}\n`);
      for (const name of image.names) io.stdout.write(`Loaded image: ${name}\n`);
    }
    return exitCodes.ok;
  },
});

export const removeCommand: Command = defineCommand({
  name: 'rm',
  aliases: ['rmi'],
  usage: 'NAME…',
  about: 'Remove names, and images that lose their last one',
  examples: [{ line: 'slipway rm app:old', about: 'what nobody else needs is freed by the next `slipway prune`' }],
  flags: { force: { kind: 'bool', short: 'f', ignored: true } },
  takes: { min: 1 },
  async run({ positionals, io, library, engine }) {
    const { removeImages } = await library();
    for (const { name, deleted } of await removeImages({ names: positionals, engine })) {
      io.stdout.write(`${deleted ? 'Deleted' : 'Untagged'}: ${name}\n`);
    }
    return exitCodes.ok;
  },
});

export const tagCommand: Command = defineCommand({
  name: 'tag',
  usage: 'SOURCE TARGET',
  about: 'Give an image one more name',
  examples: [{ line: 'slipway tag app registry.test/team/app:1.0', about: 'a name to push it under' }],
  flags: {},
  takes: { min: 2, max: 2 },
  async run({ positionals, library, engine }) {
    const [source = '', target = ''] = positionals;
    const { tagImage } = await library();
    await tagImage({ source, target, engine });
    return exitCodes.ok;
  },
});
