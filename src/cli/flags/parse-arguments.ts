import { nearest, SlipwayError } from '../../base/index.ts';
import type { Flag, Flags, FlagTable } from './flag.ts';

export interface ParseStyle {
  /** For messages: `slipway build`. */
  readonly command: string;
  /** Do flags end at the first positional? True for `run`, whose later words belong to the container. */
  readonly stopAtPositional?: boolean;
}

export interface ParsedArguments<T extends FlagTable> {
  readonly flags: Flags<T>;
  readonly positionals: readonly string[];
}

const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};

/** Read `true`, `1`, `t`, … as people write them in flags and variables; `undefined` for anything else. */
export function parseTruth(text: string): boolean | undefined {
  return Object.hasOwn(truths, text) ? truths[text] : undefined;
}

/**
 * Split a command line into flags and positionals, as Docker's commands do: `--name value`, `--name=value`, `-nvalue`, `-n value`, `-n=value`,
 * several letters in one word as long as all but the last are switches, `--` ends flags, `-` is a positional.
 * @throws {SlipwayError} `CLI_UNKNOWN_FLAG`, `CLI_FLAG_NEEDS_VALUE`, `CLI_BAD_FLAG_VALUE`
 */
export function parseArguments<T extends FlagTable>(argv: readonly string[], table: T, style: ParseStyle): ParsedArguments<T> {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const shorts = new Map<string, string>();
  for (const [name, flag] of Object.entries(table)) if (flag.short !== undefined) shorts.set(flag.short, name);

  const add = (name: string, flag: Flag, shown: string, value: string): void => {
    if (flag.kind === 'bool' && parseTruth(value) === undefined) {
      throw new SlipwayError('CLI_BAD_FLAG_VALUE', `\`${value}\` is not a value for the switch \`${shown}\``, {
        hint: 'write true or false, or no value at all',
      });
    }
    const given = values.get(name);
    if (given === undefined) values.set(name, [value]);
    else given.push(value);
  };

  let at = 0;
  const next = (shown: string): string => {
    const value = argv[++at];
    if (value === undefined)
      throw new SlipwayError('CLI_FLAG_NEEDS_VALUE', `the flag \`${shown}\` needs a value`, { hint: helpHint(style) });
    return value;
  };

  const long = (word: string): void => {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (flag === undefined) throw unknownFlag(`--${name}`, table, style);
    if (equals >= 0) add(name, flag, `--${name}`, word.slice(equals + 1));
    else add(name, flag, `--${name}`, flag.kind === 'bool' ? 'true' : next(`--${name}`));
  };

  const short = (word: string): void => {
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] as string;
      const name = shorts.get(letter);
      const flag = name === undefined ? undefined : table[name];
      if (name === undefined || flag === undefined) throw unknownFlag(word.length > 2 ? `-${letter}` : word, table, style, word);
      const rest = word.slice(i + 1);
      if (rest.startsWith('=')) return add(name, flag, `-${letter}`, rest.slice(1));
      if (flag.kind !== 'bool') return add(name, flag, `-${letter}`, rest === '' ? next(`-${letter}`) : rest);
      add(name, flag, `-${letter}`, 'true');
    }
  };

  for (; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') {
      positionals.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) long(word);
    else if (word.startsWith('-') && word !== '-') short(word);
    else if (style.stopAtPositional === true) {
      positionals.push(...argv.slice(at));
      break;
    } else positionals.push(word);
  }
  return { flags: reader(values), positionals };
}

function reader<T extends FlagTable>(values: ReadonlyMap<string, readonly string[]>): Flags<T> {
  return {
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
    isOn: (name) => parseTruth(values.get(name)?.at(-1) ?? 'false') === true,
    isGiven: (name) => values.has(name),
  };
}

function unknownFlag(shown: string, table: FlagTable, style: ParseStyle, word: string = shown): SlipwayError {
  const visible = Object.keys(table).filter((name) => table[name]?.about !== undefined);
  // `-tag` is more often a long flag with one dash than three switches.
  const meant = word.startsWith('--')
    ? nearest(word.slice(2), visible)
    : word.length > 2
      ? nearest(word.slice(1).split('=')[0] as string, visible, 1)
      : undefined;
  return new SlipwayError('CLI_UNKNOWN_FLAG', `\`${style.command}\` has no flag \`${shown}\``, {
    hint: meant === undefined ? helpHint(style) : `did you mean \`--${meant}\`?`,
  });
}

function helpHint(style: ParseStyle): string {
  return `\`${style.command} --help\` lists the flags`;
}
