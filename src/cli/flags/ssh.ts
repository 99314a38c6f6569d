import { resolve } from 'node:path';
import { SlipwayError } from '../../base/index.ts';

/**
 * Read `ID[=PATH[,PATH…]]`, where paths are those of an agent's socket or of key files; without them it is the agent of
 * `SSH_AUTH_SOCK`. What lies there is looked at by the build.
 * @throws {SlipwayError} `CLI_BAD_SSH`
 */
export function parseSshAgents(
  values: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  if (values.length === 0) return undefined;
  const agents: Record<string, readonly string[]> = {};
  for (const value of values) {
    const [id = '', paths = ''] = value.split(/=(.*)/s, 2);
    if (id === '') throw bad('an agent needs an ID', 'write it as `--ssh default`, `--ssh ID=SOCKET` or `--ssh ID=KEYFILE`');
    if (Object.hasOwn(agents, id)) throw bad(`duplicate agent ID "${id}"`, 'give each agent its own ID');
    agents[id] = paths === '' ? [defaultSocket(env)] : paths.split(',').map((path) => resolve(cwd, path));
  }
  return agents;
}

function defaultSocket(env: Readonly<Record<string, string | undefined>>): string {
  const socket = env['SSH_AUTH_SOCK'];
  if (socket === undefined || socket === '')
    throw bad(
      'invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set',
      'start an agent with `eval $(ssh-agent)` and add a key with `ssh-add`, or name a key file: `--ssh default=FILE`',
    );
  return socket;
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_BAD_SSH', message, { hint });
}
