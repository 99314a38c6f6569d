import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SlipwayError } from '../../base/index.ts';

/**
 * Read `ID[=SOCKET]`; without a socket it is that of `SSH_AUTH_SOCK`.
 * @throws {SlipwayError} `CLI_BAD_SSH`
 */
export function parseSshAgents(
  values: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Readonly<Record<string, string>> | undefined {
  if (values.length === 0) return undefined;
  const agents: Record<string, string> = {};
  for (const value of values) {
    const equals = value.indexOf('=');
    const id = equals < 0 ? value : value.slice(0, equals);
    if (id === '') throw bad('an agent needs an ID', 'write it as `--ssh default` or `--ssh ID=SOCKET`');
    if (Object.hasOwn(agents, id)) throw bad(`duplicate agent ID "${id}"`, 'give each agent its own ID');
    agents[id] = equals < 0 ? defaultSocket(env) : socketAt(value.slice(equals + 1), cwd);
  }
  return agents;
}

function defaultSocket(env: Readonly<Record<string, string | undefined>>): string {
  const socket = env['SSH_AUTH_SOCK'];
  if (socket === undefined || socket === '')
    throw bad(
      'invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set',
      'start an agent with `eval $(ssh-agent)` and add a key with `ssh-add`',
    );
  return socket;
}

function socketAt(path: string, cwd: string): string {
  const socket = resolve(cwd, path);
  const info = statSync(socket, { throwIfNoEntry: false });
  if (info === undefined) throw bad(`no agent socket at \`${path}\``, 'name the socket of a running agent');
  if (info.isSocket()) return socket;
  throw bad(
    `\`${path}\` is not a socket`,
    'key files are not supported yet: add the key to an agent with `ssh-add` and name its socket',
  );
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_BAD_SSH', message, { hint });
}
