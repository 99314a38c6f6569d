import { readFileSync } from 'node:fs';
import { SlipwayError, toSlipwayError } from '../base/index.ts';
import type { Secret } from './options.ts';

const maxBytes = 512_000;

/** Finds a secret's value by its id; each is read once, when first asked for. @throws {SlipwayError} `BUILD_BAD_SECRET` */
export function secretReader(
  secrets: Readonly<Record<string, Secret>>,
  env: Readonly<Record<string, string | undefined>>,
): (id: string) => Uint8Array | undefined {
  const known = new Map<string, Uint8Array>();
  return (id) => {
    const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
    if (secret === undefined) return undefined;
    const value = known.get(id) ?? read(id, secret, env);
    known.set(id, value);
    if (value.byteLength > maxBytes) throw new SlipwayError('BUILD_BAD_SECRET', `secret ${id} too big. max size 500KB`);
    return value;
  };
}

function read(id: string, secret: Secret, env: Readonly<Record<string, string | undefined>>): Uint8Array {
  if ('env' in secret) return Buffer.from(env[secret.env] ?? '');
  if ('value' in secret) return typeof secret.value === 'string' ? Buffer.from(secret.value) : secret.value;
  try {
    return readFileSync(secret.file);
  } catch (cause) {
    throw new SlipwayError('BUILD_BAD_SECRET', `failed to read secret ${id}: ${toSlipwayError(cause).message}`, { cause });
  }
}
