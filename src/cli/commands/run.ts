import { SlipwayError } from '../../base/index.ts';
import { argumentCount, type Call, type Command, defineCommand } from '../command.ts';
import { compact } from '../compact.ts';
import { exitCodes, runFailedExitCode } from '../exit-codes.ts';
import { parseRunEnv } from '../flags/key-values.ts';
import { interruptible } from '../interrupt.ts';
import type { RunImageOptions } from '../ports.ts';

const flags = {
  env: { kind: 'list', short: 'e', value: 'NAME[=VALUE]', about: 'set a variable; without VALUE, take it from here' },
  volume: { kind: 'list', short: 'v', value: 'HERE:THERE[:ro]', about: 'mount a directory or file of this machine' },
  publish: { kind: 'list', short: 'p', value: 'PORTS', about: "no effect: the container has this machine's network" },
  'publish-all': { kind: 'bool', short: 'P', about: "no effect: the container has this machine's network" },
  rm: { kind: 'bool', about: 'remove the container when it ends: always so' },
  entrypoint: { kind: 'string', value: 'PROGRAM', about: "instead of the image's ENTRYPOINT; empty for none" },
  workdir: { kind: 'string', short: 'w', value: 'DIR', about: "instead of the image's WORKDIR" },
  user: { kind: 'string', short: 'u', value: 'USER[:GROUP]', about: "instead of the image's USER" },
  network: { kind: 'string', value: 'MODE', about: 'host (default) or none' },
  interactive: { kind: 'bool', short: 'i', about: 'give it standard input' },
  tty: { kind: 'bool', short: 't', about: 'give it this terminal' },

  detach: { kind: 'bool', short: 'd', later: true },
  'env-file': { kind: 'list', later: true },
  hostname: { kind: 'string', later: true },
  label: { kind: 'list', short: 'l', later: true },
  memory: { kind: 'string', short: 'm', later: true },
  mount: { kind: 'list', later: true },
  name: { kind: 'string', later: true },
  platform: { kind: 'string', later: true },
  privileged: { kind: 'bool', later: true },
  pull: { kind: 'string', later: true, harmless: ['never', 'missing'] },
  'read-only': { kind: 'bool', later: true },
  restart: { kind: 'string', later: true, harmless: ['no'] },
  tmpfs: { kind: 'list', later: true },
} as const;

export const runCommand: Command = defineCommand({
  name: 'run',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG…]',
  about: 'Run an image of the store',
  details:
    "The container has this machine's network, and is removed when its process ends.\n" +
    `The exit code is that of the process; ${runFailedExitCode} when Slipway could not run it.`,
  examples: [
    { line: 'slipway run app', about: 'run what the image says' },
    { line: 'slipway run -it --entrypoint sh app', about: 'look around inside' },
    { line: 'slipway run -e MODE=test -v "$PWD/data:/data:ro" app serve', about: 'a variable, a directory, another command' },
  ],
  flags,
  stopAtPositional: true,
  failureCode: runFailedExitCode,
  run: runRun,
});

async function runRun(call: Call<typeof flags>): Promise<number> {
  const { io, positionals } = call;
  const [image, ...command] = positionals;
  if (image === undefined) throw argumentCount(runCommand, 'at least 1 argument');
  if (call.flags.isGiven('rm') && !call.flags.isOn('rm')) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', '`slipway run` does not support `--rm=false`', {
      hint: 'a container is always removed when its process ends',
    });
  }
  const ports = call.flags.list('publish');
  if (ports.length > 0 || call.flags.isOn('publish-all')) {
    const shown = ports.length > 0 ? `-p ${ports[0]}` : '-P';
    io.stderr.write(
      `note: \`${shown}\` changes nothing: the container has this machine's network, and its ports are ports of this machine\n`,
    );
  }
  const interactive = call.flags.isOn('interactive') || call.flags.isOn('tty');
  using interrupt = interruptible(io, exitCodes.cancelled, { ignoreCtrlC: interactive && io.stdin.isTerminal });
  const entrypoint = call.flags.text('entrypoint');
  const library = await call.library();
  const { exitCode } = await library.runImage(
    compact<RunImageOptions>({
      image,
      command: command.length === 0 ? undefined : command,
      entrypoint: entrypoint === undefined ? undefined : entrypoint === '' ? [] : [entrypoint],
      env: parseRunEnv(call.flags.list('env'), io.env),
      volumes: call.flags.list('volume'),
      workdir: call.flags.text('workdir'),
      user: call.flags.text('user'),
      network: network(call.flags.text('network')),
      interactive,
      onOutput: (stream, data) => (stream === 1 ? io.stdout : io.stderr).write(data),
      signal: interrupt.signal,
      engine: call.engine,
    }),
  );
  return exitCode;
}

function network(mode: string | undefined): 'host' | 'none' | undefined {
  if (mode === undefined || mode === 'host' || mode === 'none') return mode;
  throw new SlipwayError('CLI_NOT_SUPPORTED', `\`slipway run\` has no network \`${mode}\``, { hint: 'use host or none' });
}
