import { nearest, SlipwayError } from '../base/index.ts';
import type { Command, World } from './command.ts';
import { buildCommand } from './commands/build.ts';
import { globalFlags } from './engine-options.ts';
import { exitCodes } from './exit-codes.ts';
import { parseArguments } from './flags/parse-arguments.ts';
import { reportError } from './report-error.ts';

interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly about: string;
  load(): Promise<Command>;
}

/** `build` is at hand, since every millisecond of a cached build counts; the others are loaded when they are called. */
const entries: readonly Entry[] = [
  { name: 'build', about: buildCommand.about, load: () => Promise.resolve(buildCommand) },
  { name: 'run', about: 'Run an image of the store', load: async () => (await import('./commands/run.ts')).runCommand },
  {
    name: 'images',
    aliases: ['ls'],
    about: 'List the images of the store',
    load: async () => (await import('./commands/images.ts')).imagesCommand,
  },
  {
    name: 'import',
    about: 'Make an image from a tar of a root file system',
    load: async () => (await import('./commands/store.ts')).importCommand,
  },
  { name: 'save', about: 'Write images as an archive', load: async () => (await import('./commands/store.ts')).saveCommand },
  { name: 'load', about: 'Read images from an archive', load: async () => (await import('./commands/store.ts')).loadCommand },
  { name: 'push', about: 'Push an image to a registry', load: async () => (await import('./commands/transfer.ts')).pushCommand },
  {
    name: 'pull',
    about: 'Fetch an image into the store',
    load: async () => (await import('./commands/transfer.ts')).pullCommand,
  },
  { name: 'tag', about: 'Give an image one more name', load: async () => (await import('./commands/store.ts')).tagCommand },
  {
    name: 'rm',
    aliases: ['rmi'],
    about: 'Remove names and images',
    load: async () => (await import('./commands/store.ts')).removeCommand,
  },
];

/** Commands that are planned: worth another answer than a typing error. */
const later = ['bake', 'check', 'doctor', 'du', 'explain', 'history', 'imagetools', 'lock', 'parse', 'prune', 'shell'];

const topFlags = { ...globalFlags, version: { kind: 'bool', short: 'v' } } as const;

/**
 * Run one command line, without `node` and the program's name. Never rejects.
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  const { io } = world;
  try {
    const { flags, positionals } = parseArguments(argv, topFlags, { command: 'slipway', stopAtPositional: true });
    const [name, ...rest] = positionals;
    if (flags.isOn('version') || name === 'version') {
      io.stdout.write(`slipway ${world.version}\n`);
      return exitCodes.ok;
    }
    if (name === 'help') return await help(rest[0], world);
    if (flags.isOn('help') || (name === undefined && argv.length === 0)) {
      // Who asked gets it as data; who gave no command made a mistake.
      return await help(name, world);
    }
    if (name === undefined)
      throw new SlipwayError('CLI_ARGUMENTS', 'no command was given', { hint: '`slipway --help` lists the commands' });
    const command = await find(name).load();
    const before = argv.slice(0, argv.length - positionals.length);
    return await command.run([...before.filter((word) => word !== '--'), ...rest], world);
  } catch (thrown) {
    return await reportError(thrown, io, { debug: false });
  }
}

async function help(name: string | undefined, world: World): Promise<number> {
  const { commandHelp, overview } = await import('./help.ts');
  world.io.stdout.write(name === undefined ? overview(entries) : commandHelp(await find(name).load()));
  return exitCodes.ok;
}

function find(name: string): Entry {
  const found = entries.find((entry) => entry.name === name || entry.aliases?.includes(name) === true);
  if (found !== undefined) return found;
  if (later.includes(name)) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway ${name}\` is not there yet`, {
      hint: '`slipway --help` lists the commands that are',
    });
  }
  const meant = nearest(
    name,
    entries.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]),
  );
  throw new SlipwayError('CLI_UNKNOWN_COMMAND', `\`${name}\` is not a command of slipway`, {
    hint: meant === undefined ? '`slipway --help` lists the commands' : `did you mean \`slipway ${meant}\`?`,
  });
}
