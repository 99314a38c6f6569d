import { SlipwayError } from '../base/index.ts';
import { engineOptions, globalFlags } from './engine-options.ts';
import { exitCodes } from './exit-codes.ts';
import type { Flags, FlagTable } from './flags/flag.ts';
import { parseArguments } from './flags/parse-arguments.ts';
import { refuseLater } from './flags/refuse-later.ts';
import type { Io } from './io.ts';
import type { EngineOptions, Library } from './ports.ts';
import { commandHelp } from './help.ts';
import { reportError } from './report-error.ts';

/** What a command stands in: the process and the library. */
export interface World {
  readonly io: Io;
  /** Loads the library; a command that fails on its arguments never pays for it. */
  readonly library: () => Promise<Library>;
  readonly version: string;
}

export interface CommandHelp {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Behind the name: `[OPTIONS] PATH`. */
  readonly usage: string;
  /** One line. */
  readonly about: string;
  /** A few sentences more. */
  readonly details?: string;
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  readonly flags: FlagTable;
}

export interface Command extends CommandHelp {
  /** Do the work; never rejects.
   * @returns the exit code */
  run(argv: readonly string[], world: World): Promise<number>;
}

/** One call of a command, its arguments taken apart. */
export interface Call<T extends FlagTable> extends World {
  readonly flags: Flags<T & typeof globalFlags>;
  readonly positionals: readonly string[];
  readonly engine: EngineOptions;
  readonly debug: boolean;
}

interface CommandSpec<T extends FlagTable> extends CommandHelp {
  readonly flags: T;
  readonly stopAtPositional?: boolean;
  /** How many positionals it takes; `undefined` when it looks itself. */
  readonly takes?: { readonly min: number; readonly max?: number };
  /** Exit code of every failure that isn't a Ctrl-C, instead of the table's. */
  readonly failureCode?: number;
  run(call: Call<T>): Promise<number>;
}

/** A command from its table of flags and its work: arguments, help, notices and errors are the same for all. */
export function defineCommand<const T extends FlagTable>(spec: CommandSpec<T>): Command {
  const table = { ...spec.flags, ...globalFlags };
  const command: Command = {
    ...spec,
    flags: table,
    async run(argv, world) {
      let debug = false;
      try {
        const style = { command: `slipway ${spec.name}`, ...(spec.stopAtPositional === true ? { stopAtPositional: true } : {}) };
        const { flags, positionals } = parseArguments(argv, table, style);
        const globals = flags as unknown as Flags<typeof globalFlags>;
        if (globals.isOn('help')) {
          world.io.stdout.write(commandHelp(command));
          return exitCodes.ok;
        }
        debug = globals.isOn('debug');
        for (const notice of refuseLater(flags, table, style.command)) world.io.stderr.write(`WARNING: ${notice}\n`);
        if (spec.takes !== undefined) checkCount(spec, positionals.length);
        return await spec.run({ ...world, flags, positionals, engine: engineOptions(globals, world.io.env), debug });
      } catch (thrown) {
        return await reportError(thrown, world.io, { debug, failureCode: spec.failureCode });
      }
    },
  };
  return command;
}

function checkCount(
  spec: CommandHelp & { readonly takes?: { readonly min: number; readonly max?: number } },
  given: number,
): void {
  const { min, max = Number.POSITIVE_INFINITY } = spec.takes ?? { min: 0 };
  if (given >= min && given <= max) return;
  throw argumentCount(
    spec,
    min === max
      ? `${min} argument${min === 1 ? '' : 's'}`
      : given < min
        ? `at least ${min} argument${min === 1 ? '' : 's'}`
        : `at most ${max} argument${max === 1 ? '' : 's'}`,
  );
}

/** `"slipway build" requires 1 argument.` */
export function argumentCount(spec: Pick<CommandHelp, 'name' | 'usage'>, count: string): SlipwayError {
  return new SlipwayError('CLI_ARGUMENTS', `"slipway ${spec.name}" requires ${count}.`, {
    hint: `usage: slipway ${spec.name} ${spec.usage}; \`slipway ${spec.name} --help\` shows examples`,
  });
}
