import { parseReference, type Reference } from '../oci/index.ts';
import { createRegistryClient, type RegistryClient, type RegistryOptions } from './client.ts';
import { anonymous } from './credentials.ts';
import type { RegistryTuning } from './tuning.ts';

/** A clock that only moves when somebody sleeps or `advance`s it. For tests. */
export interface FakeClock {
  readonly waits: readonly number[];
  advance(ms: number): void;
  readonly tuning: Pick<RegistryTuning, 'now' | 'sleep'>;
}

export function fakeClock(): FakeClock {
  let now = 1000;
  const waits: number[] = [];
  return {
    waits,
    advance: (ms) => {
      now += ms;
    },
    tuning: {
      now: () => now,
      sleep: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    },
  };
}

/** A client without mirrors, credentials and waits, but for what `options` say. For tests. */
export function testClient(options: Partial<RegistryOptions> = {}): RegistryClient {
  return createRegistryClient({
    mirrors: new Map(),
    insecureHosts: [],
    credentials: anonymous,
    userAgent: 'slipway/test',
    env: {},
    ...options,
    tuning: { ...fakeClock().tuning, ...options.tuning },
  });
}

export function imageAt(host: string, rest = 'team/app:1'): Reference {
  return parseReference(`${host}/${rest}`);
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
