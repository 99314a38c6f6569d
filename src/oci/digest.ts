import { createHash, hash } from 'node:crypto';
import { type Brand, SlipwayError } from '../base/index.ts';

/** `sha256:` + 64 hex digits of exact bytes. */
export type Digest = Brand<`sha256:${string}`, 'Digest'>;

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** @throws {SlipwayError} `OCI_BAD_DIGEST` */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new SlipwayError('OCI_BAD_DIGEST', `\`${text}\` is not a sha256 digest`);
  return text;
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}` as Digest;
}

/** The 64 hex digits alone. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** Hash a stream piece by piece. */
export interface Digester {
  update(bytes: Uint8Array): void;
  digest(): Digest;
}

export function createDigester(): Digester {
  const sha = createHash('sha256');
  return {
    update: (bytes) => void sha.update(bytes),
    digest: () => `sha256:${sha.digest('hex')}` as Digest,
  };
}
