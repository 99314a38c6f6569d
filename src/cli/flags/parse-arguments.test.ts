import { describe, expect, test } from 'vitest';
import { SlipwayError } from '../../base/index.ts';
import { parseArguments, parseTruth } from './parse-arguments.ts';

const table = {
  tag: { kind: 'list', short: 't', about: 'names' },
  file: { kind: 'string', short: 'f', about: 'file' },
  quiet: { kind: 'bool', short: 'q', about: 'quiet' },
  pull: { kind: 'bool', about: 'pull' },
} as const;

function parse(argv: readonly string[], stopAtPositional = false): unknown {
  const { flags, positionals } = parseArguments(argv, table, { command: 'slipway x', stopAtPositional });
  return { tag: flags.list('tag'), file: flags.text('file'), quiet: flags.isOn('quiet'), pull: flags.isOn('pull'), positionals };
}

const none = { tag: [], file: undefined, quiet: false, pull: false, positionals: [] };

describe('parseArguments()', () => {
  test.for<[string, string[], object]>([
    ['a value in the next word', ['--tag', 'a'], { tag: ['a'] }],
    ['a value after =', ['--tag=a=b'], { tag: ['a=b'] }],
    ['an empty value', ['--file='], { file: '' }],
    ['a short flag with its value', ['-ta', '-t', 'b', '-t=c'], { tag: ['a', 'b', 'c'] }],
    ['the last of several', ['-f', 'a', '--file', 'b'], { file: 'b' }],
    ['a value that looks like a flag', ['--tag', '--pull'], { tag: ['--pull'] }],
    ['a switch', ['--pull', '-q'], { pull: true, quiet: true }],
    ['a switch that is turned off', ['--pull', '--pull=false', '-q=0'], {}],
    ['a switch that takes no word', ['--pull', 'false'], { pull: true, positionals: ['false'] }],
    ['several short flags in one word', ['-qfx'], { quiet: true, file: 'x' }],
    ['several short flags, the value apart', ['-qf', 'x'], { quiet: true, file: 'x' }],
    ['flags after the positional', ['.', '--pull', 'x'], { pull: true, positionals: ['.', 'x'] }],
    ['a lone dash as positional', ['-', '-q'], { quiet: true, positionals: ['-'] }],
    ['-- as the end of flags', ['-q', '--', '--pull', '-q'], { quiet: true, positionals: ['--pull', '-q'] }],
  ])('takes %s', ([, argv, want]) => {
    expect(parse(argv)).toEqual({ ...none, ...want });
  });

  test('leaves the words behind the first positional alone where the container owns them', () => {
    expect(parse(['-q', 'image', '-q', '--unknown', '--', 'x'], true)).toEqual({
      ...none,
      quiet: true,
      positionals: ['image', '-q', '--unknown', '--', 'x'],
    });
  });

  test.for<[string[], string, string]>([
    [['--tagg', 'x'], 'CLI_UNKNOWN_FLAG', 'did you mean `--tag`?'],
    [['--Pull'], 'CLI_UNKNOWN_FLAG', 'did you mean `--pull`?'],
    [['-tag=x', '-pull'], 'CLI_UNKNOWN_FLAG', 'did you mean `--pull`?'],
    [['-x'], 'CLI_UNKNOWN_FLAG', '`slipway x --help` lists the flags'],
    [['-qx'], 'CLI_UNKNOWN_FLAG', '`slipway x --help` lists the flags'],
    [['--constructor'], 'CLI_UNKNOWN_FLAG', '`slipway x --help` lists the flags'],
    [['--tag'], 'CLI_FLAG_NEEDS_VALUE', '`slipway x --help` lists the flags'],
    [['-qf'], 'CLI_FLAG_NEEDS_VALUE', '`slipway x --help` lists the flags'],
    [['--pull=maybe'], 'CLI_BAD_FLAG_VALUE', 'write true or false, or no value at all'],
  ])('refuses %j with %s', ([argv, code, hint]) => {
    expect(() => parse(argv)).toThrow(expect.objectContaining({ constructor: SlipwayError, code, hint }));
  });
});

test('parseTruth() knows the spellings of Go', () => {
  expect(['1', 't', 'TRUE', 'True'].map(parseTruth)).toEqual([true, true, true, true]);
  expect(['0', 'f', 'FALSE', 'False'].map(parseTruth)).toEqual([false, false, false, false]);
  expect(['yes', '', 'toString'].map(parseTruth)).toEqual([undefined, undefined, undefined]);
});
