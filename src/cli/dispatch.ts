import { nearest, SlipwayError } from '../base/index.ts';
import type { Command, World } from './command.ts';
import { buildCommand } from './commands/build.ts';
import { checkCommand } from './commands/check.ts';
import { contextCommand } from './commands/context.ts';
import { fmtCommand } from './commands/fmt.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { duCommand } from './commands/du.ts';
import { historyCommand } from './commands/history.ts';
import { imagesCommand } from './commands/images.ts';
import { parseCommand } from './commands/parse.ts';
import { pruneCommand } from './commands/prune.ts';
import { shellCommand } from './commands/shell.ts';
import { runCommand } from './commands/run.ts';
import { importCommand, loadCommand, removeCommand, saveCommand, tagCommand } from './commands/store.ts';
import { pullCommand, pushCommand } from './commands/transfer.ts';
import { verifyCommand } from './commands/verify.ts';
import { globalFlags } from './engine-options.ts';
import { exitCodes } from './exit-codes.ts';
import { parseArguments } from './flags/parse-arguments.ts';
import { commandHelp, overview } from './help.ts';
import { reportError } from './report-error.ts';

/** All at hand: a file of its own for each would cost every start more than their few lines do. */
const commands: readonly Command[] = [
  buildCommand,
  runCommand,
  imagesCommand,
  importCommand,
  saveCommand,
  loadCommand,
  pushCommand,
  pullCommand,
  tagCommand,
  removeCommand,
  verifyCommand,
  doctorCommand,
  duCommand,
  pruneCommand,
  historyCommand,
  explainCommand,
  shellCommand,
  checkCommand,
  contextCommand,
  fmtCommand,
  parseCommand,
];

/** Commands that are planned: worth another answer than a typing error. */
const later = ['bake', 'imagetools', 'lock'];

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
    if (name === 'help') return help(rest[0], world);
    if (flags.isOn('help') || (name === undefined && argv.length === 0)) {
      // Who asked gets it as data; who gave no command made a mistake.
      return help(name, world);
    }
    if (name === undefined)
      throw new SlipwayError('CLI_ARGUMENTS', 'no command was given', { hint: '`slipway --help` lists the commands' });
    const command = find(name);
    const before = argv.slice(0, argv.length - positionals.length);
    return await command.run([...before.filter((word) => word !== '--'), ...rest], world);
  } catch (thrown) {
    return await reportError(thrown, io, { debug: false });
  }
}

function help(name: string | undefined, world: World): number {
  world.io.stdout.write(name === undefined ? overview(commands) : commandHelp(find(name)));
  return exitCodes.ok;
}

function find(name: string): Command {
  const found = commands.find((command) => command.name === name || command.aliases?.includes(name) === true);
  if (found !== undefined) return found;
  if (later.includes(name)) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway ${name}\` is not there yet`, {
      hint: '`slipway --help` lists the commands that are',
    });
  }
  const meant = nearest(
    name,
    commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]),
  );
  throw new SlipwayError('CLI_UNKNOWN_COMMAND', `\`${name}\` is not a command of slipway`, {
    hint: meant === undefined ? '`slipway --help` lists the commands' : `did you mean \`slipway ${meant}\`?`,
  });
}
