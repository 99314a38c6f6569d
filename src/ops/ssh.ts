import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { type HostPath, type Scope, SlipwayError } from '../base/index.ts';
import type { Mount } from '../graph/index.ts';
import { serveAgent, type SshAgent } from '../ssh/index.ts';
import type { Ingest } from '../store/index.ts';

type SshMount = Extract<Mount, { type: 'secret' | 'ssh' }>;

export interface SshPorts {
  /** The agent with this id. */
  readonly agent: (id: string) => SshAgent | undefined;
  readonly scope: Scope;
  readonly ingest: Ingest;
}

/**
 * A socket for one step, with the owner and mode it asks for, behind which the agent answers. It is gone with the
 * scope. `undefined`: an optional agent is missing.
 */
export async function sshSocket(
  wanted: SshMount,
  name: string,
  { agent, scope, ingest }: SshPorts,
): Promise<HostPath | undefined> {
  const target = agent(wanted.id);
  if (target === undefined) {
    if (wanted.optional) return undefined;
    throw new SlipwayError('OPS_NO_SSH', `ssh ${wanted.id}: not found`, {
      hint: `the step needs an agent: pass \`--ssh ${wanted.id}\`, or \`--ssh ${wanted.id}=KEYFILE\``,
    });
  }
  const path = ingest.child(`${name}-ssh`);
  await listen(path, target, scope);
  chownSync(path, wanted.uid, wanted.gid);
  chmodSync(path, wanted.mode);
  return path;
}

/** A socket for a program of this machine. It is gone with the scope; the user's own agent is named as it is. */
export async function agentSocket(agent: SshAgent, scope: Scope): Promise<string> {
  if (agent.kind === 'socket') return agent.path;
  const directory = mkdtempSync(`${tmpdir()}/slipway-agent-`);
  scope.defer(() => rmSync(directory, { recursive: true, force: true }));
  const path = `${directory}/agent`;
  await listen(path, agent, scope);
  return path;
}

async function listen(path: string, agent: SshAgent, scope: Scope): Promise<void> {
  const open = new Map<Socket, Promise<void>>();
  const server = createServer((inside) => {
    const served = serveAgent(inside, agent).catch(() => {
      inside.destroy();
    });
    open.set(
      inside,
      served.finally(() => open.delete(inside)),
    );
  });
  // A socket's name has room for 107 bytes, whatever paths may have.
  const directory = openSync(dirname(path), 'r');
  scope.defer(() => closeSync(directory));
  const short = `/proc/self/fd/${directory}/${basename(path)}`;
  await new Promise<void>((done, fail) => server.once('error', fail).listen(short, done));
  scope.defer(async () => {
    for (const socket of open.keys()) socket.destroy();
    await Promise.all(open.values());
    await new Promise((done) => server.close(done));
  });
}
