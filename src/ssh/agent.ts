import { connect, type Socket } from 'node:net';
import { SlipwayError } from '../base/index.ts';
import type { AgentKey } from './agent-key.ts';
import { readFields, string, uint32 } from './wire.ts';

/** Who signs for a step: keys that we hold, or an agent of the user's, by the path of its socket. */
export type SshAgent =
  | { readonly kind: 'keys'; readonly keys: readonly AgentKey[] }
  | { readonly kind: 'socket'; readonly path: string };

/** Message numbers. @see draft-ietf-sshm-ssh-agent, section 6 */
const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** As long as OpenSSH's own agent takes. */
const maxMessageBytes = 256 * 1024;

/**
 * Answer what comes in on a connection of a step, until it closes. A step may list keys and have data signed; whatever would change
 * the agent is refused, and never reaches the user's. What goes wrong with one connection ends that connection.
 */
export async function serveAgent(inside: Socket, agent: SshAgent): Promise<void> {
  const outside = agent.kind === 'socket' ? connect(agent.path) : undefined;
  for (const socket of outside === undefined ? [inside] : [inside, outside]) {
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      inside.destroy();
      outside?.destroy();
    });
  }
  const replies = outside === undefined ? undefined : messages(outside);
  try {
    for await (const request of messages(inside)) {
      const isHarmless = request[0] === requestIdentities || request[0] === signRequest;
      if (!isHarmless) inside.write(framed(Buffer.from([failure])));
      else if (agent.kind === 'keys') inside.write(framed(answer(agent.keys, request)));
      else {
        outside?.write(framed(request));
        const reply = await replies?.next();
        if (reply === undefined || reply.done === true) return;
        inside.write(framed(reply.value));
      }
    }
  } finally {
    inside.destroy();
    outside?.destroy();
  }
}

/** What an agent with these keys says to one message. */
export function answer(keys: readonly AgentKey[], request: Buffer): Buffer {
  const kind = request[0];
  if (kind === requestIdentities) {
    const list = keys.flatMap(({ blob }) => [string(blob), string('')]);
    return Buffer.concat([Buffer.from([identitiesAnswer]), uint32(keys.length), ...list]);
  }
  if (kind !== signRequest) return Buffer.from([failure]);
  try {
    const fields = readFields(request.subarray(1));
    const blob = fields.string();
    const data = fields.string();
    const flags = fields.uint32();
    const key = keys.find((each) => each.blob.equals(blob));
    if (key === undefined) return Buffer.from([failure]);
    return Buffer.concat([Buffer.from([signResponse]), string(key.sign(data, flags))]);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'SSH_BAD_MESSAGE') return Buffer.from([failure]);
    throw error;
  }
}

function framed(message: Uint8Array): Buffer {
  return string(message);
}

/** The messages of a connection. @throws {SlipwayError} `SSH_BAD_MESSAGE` one that is longer than any agent takes */
async function* messages(socket: Socket): AsyncGenerator<Buffer, void> {
  let pending = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const size = pending.readUInt32BE();
      if (size === 0 || size > maxMessageBytes) throw new SlipwayError('SSH_BAD_MESSAGE', `a message of ${size} bytes`);
      if (pending.length < 4 + size) break;
      yield pending.subarray(4, 4 + size);
      pending = pending.subarray(4 + size);
    }
  }
}
