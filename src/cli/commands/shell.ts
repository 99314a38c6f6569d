import { SlipwayError } from '../../base/index.ts';
import { type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseSecrets } from '../flags/secret.ts';
import { parseSshAgents } from '../flags/ssh.ts';
import { interruptible } from '../interrupt.ts';
import type { ShellOptions, ShellPlace } from '../ports.ts';
import { startProgress } from '../progress/progress.ts';

const flags = {
  before: { kind: 'bool', about: 'the tree as the step found it' },
  after: { kind: 'bool', about: 'the tree as the step left it, also when it failed (default)' },
  command: { kind: 'string', short: 'c', value: 'COMMAND', about: 'run this in the shell, and leave' },
  user: { kind: 'string', short: 'u', value: 'USER[:GROUP]', about: "instead of the step's user" },
  secret: { kind: 'list', value: 'id=ID[,src=FILE|,env=NAME]', about: "a secret that the step's mounts name" },
  ssh: { kind: 'list', value: 'ID[=SOCKET|=KEYFILE,…]', about: "an agent, or key files, that the step's mounts name" },
} as const;

export const shellCommand: Command = defineCommand({
  name: 'shell',
  usage: '[OPTIONS] [BUILD] [STEP]',
  about: 'Look around in the tree of a step: of the one that failed, or of any other',
  details:
    "The shell has the step's environment, user, directory, mounts and devices. What it changes is thrown away, except in cache mounts.\n" +
    'BUILD is an id of `slipway history`, or ^1 for the build before the latest; without it, the latest is meant.\n' +
    'STEP is a number, a stage, both, or how the instruction begins; without it, the step that failed, else the last one.\n' +
    'An image without a shell is lent the busybox of this machine. The exit code is that of the shell.',
  examples: [
    { line: 'slipway shell', about: 'stand where the last build failed' },
    { line: 'slipway shell --before', about: 'the same step, before it ran' },
    { line: "slipway shell 'build 3'", about: 'after the third step of the stage `build`' },
    { line: "slipway shell 'RUN make' -c 'ls -l out'", about: 'ask one thing' },
  ],
  flags,
  takes: { min: 0, max: 2 },
  run: runShell,
});

async function runShell({ flags: given, positionals, io, library, engine }: Call<typeof flags>): Promise<number> {
  if (given.isOn('before') && given.isOn('after')) {
    throw new SlipwayError('CLI_ARGUMENTS', '`--before` and `--after` exclude each other', { hint: 'give one of them' });
  }
  const [first, step] = positionals;
  const isTerminal = io.stdin.isTerminal;
  using interrupt = interruptible(io, exitCodes.cancelled, { ignoreCtrlC: isTerminal });
  const progress = startProgress('plain', { target: undefined }, io);
  const term = io.env['TERM'];
  const { openShell } = await library();
  const { exitCode } = await openShell(
    compact<ShellOptions>({
      ...(step === undefined ? { where: first } : { build: first, step }),
      at: given.isOn('before') ? 'before' : 'after',
      command: given.text('command'),
      env: isTerminal && term !== undefined ? [`TERM=${term}`] : undefined,
      user: given.text('user'),
      secrets: parseSecrets(given.list('secret'), io.env, io.cwd),
      ssh: parseSshAgents(given.list('ssh'), io.env, io.cwd),
      interactive: true,
      onEvent: progress.emit,
      onEnter: (place) => io.stderr.write(`${placeText(place)}\n`),
      signal: interrupt.signal,
      engine,
    }),
  );
  return exitCode;
}

function placeText({ step, at, hasFailed, shell, isBorrowed }: ShellPlace): string {
  const when = at === 'before' ? 'before it ran' : hasFailed ? 'as it was when it failed' : 'after it ran';
  return `${step.replace(/\s+/g, ' ')}: ${when}; ${isBorrowed ? "this machine's busybox, as the image has no shell" : shell}; changes are thrown away`;
}
