import { readFileSync, statSync } from 'node:fs';
import { SlipwayError, toSlipwayError } from '../base/index.ts';
import type { AgentKey, SshAgent } from '../ssh/index.ts';

/** The agent with this id; `undefined` when the build has none. */
export type AgentOf = (id: string) => SshAgent | undefined;

/** More than any key. */
const maxKeyBytes = 100 * 1024;

/**
 * Look at what each agent's paths are, and read the keys. @throws {SlipwayError} `BUILD_BAD_SSH`, `SSH_BAD_KEY`, `SSH_ENCRYPTED_KEY`
 */
export async function openAgents(ssh: Readonly<Record<string, string | readonly string[]>>): Promise<AgentOf> {
  const agents = new Map<string, SshAgent>();
  for (const [id, paths] of Object.entries(ssh)) agents.set(id, await openAgent(id, typeof paths === 'string' ? [paths] : paths));
  return (id) => agents.get(id);
}

async function openAgent(id: string, paths: readonly string[]): Promise<SshAgent> {
  const sockets = paths.filter(isSocket);
  const [socket] = sockets;
  if (paths.length === 0) throw bad(`ssh ${id} names no agent`, 'name its socket, or key files');
  if (sockets.length > 1) throw bad('only single socket allowed', `give each agent an id of its own: \`--ssh ${id}=${socket}\``);
  if (socket === undefined) return { kind: 'keys', keys: await readKeys(paths) };
  if (paths.length > 1)
    throw bad('invalid combination of keys and sockets', 'add the keys to the agent with `ssh-add`, or leave its socket out');
  return { kind: 'socket', path: socket };
}

function isSocket(path: string): boolean {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw bad(`there is no agent socket and no key file at \`${path}\``, 'check the path');
  if (info.isSocket()) return true;
  if (!info.isFile()) throw bad(`\`${path}\` is neither a socket nor a key file`, 'check the path');
  if (info.size > maxKeyBytes) throw bad(`\`${path}\` is too big for a key`, 'name a private key file');
  return false;
}

async function readKeys(paths: readonly string[]): Promise<readonly AgentKey[]> {
  const { readAgentKey } = await import('../ssh/index.ts');
  return paths.map((path) => {
    let file: Uint8Array;
    try {
      file = readFileSync(path);
    } catch (cause) {
      throw bad(`failed to read ${path}: ${toSlipwayError(cause).message}`, 'check the rights of the file', cause);
    }
    try {
      return readAgentKey(file);
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      throw new SlipwayError(error.code, `failed to parse ${path}: ${error.message}`, { hint: error.hint, cause: error });
    }
  });
}

function bad(message: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BUILD_BAD_SSH', message, { hint, cause });
}
