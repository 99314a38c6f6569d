import { chmodSync, chownSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { type HostPath, type Scope, SlipwayError } from '../base/index.ts';
import type { Mount } from '../graph/index.ts';
import type { Ingest } from '../store/index.ts';

type SshMount = Extract<Mount, { type: 'secret' | 'ssh' }>;

export interface SshPorts {
  /** The socket of the agent with this id, on the host. */
  readonly agent: (id: string) => string | undefined;
  readonly scope: Scope;
  readonly ingest: Ingest;
}

/**
 * A socket for one step, with the owner and mode it asks for; each connection is passed on to the user's agent. It is gone with the
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
      hint: `the step needs an agent: pass \`--ssh ${wanted.id}\``,
    });
  }
  const path = ingest.child(`${name}-ssh`);
  const open = new Set<Socket>();
  const server = createServer((inside) => {
    const outside = connect(target);
    for (const socket of [inside, outside]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        inside.destroy();
        outside.destroy();
      });
    }
    inside.pipe(outside).pipe(inside);
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(path, done));
  scope.defer(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  chownSync(path, wanted.uid, wanted.gid);
  chmodSync(path, wanted.mode);
  return path;
}
