import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { SlipwayError } from '../base/index.ts';
import { parsePrivateKey } from './private-key.ts';
import { mpint, string } from './wire.ts';

/** A key that an agent offers. */
export interface AgentKey {
  /** The public key as SSH sends it. @see RFC 4253, section 6.6 */
  readonly blob: Buffer;
  /** A signature as SSH sends it; `flags` choose the digest of an RSA key. @see RFC 8332 */
  sign(data: Uint8Array, flags: number): Buffer;
}

const sha256Flag = 2;
const sha512Flag = 4;

/** @throws {SlipwayError} those of `parsePrivateKey` */
export function readAgentKey(file: Uint8Array): AgentKey {
  const key = parsePrivateKey(file);
  const { n = '', e = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const [nBytes, eBytes, xBytes, yBytes] = [n, e, x, y].map((text) => Buffer.from(text, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return {
        blob: Buffer.concat([string('ssh-ed25519'), string(xBytes)]),
        sign: (data) => Buffer.concat([string('ssh-ed25519'), string(sign(null, data, key))]),
      };
    case 'rsa':
      return {
        blob: Buffer.concat([string('ssh-rsa'), mpint(eBytes), mpint(nBytes)]),
        sign(data, flags) {
          const [name, digest] = rsaAlgorithm(flags);
          return Buffer.concat([string(name), string(sign(digest, data, key))]);
        },
      };
    case 'ec':
      return ecKey(key, Buffer.concat([Buffer.from([4]), xBytes, yBytes]));
    default:
      throw unsupported(key.asymmetricKeyType ?? 'unknown');
  }
}

function rsaAlgorithm(flags: number): readonly [name: string, digest: string] {
  if ((flags & sha512Flag) !== 0) return ['rsa-sha2-512', 'sha512'];
  return (flags & sha256Flag) !== 0 ? ['rsa-sha2-256', 'sha256'] : ['ssh-rsa', 'sha1'];
}

const curves: Readonly<Record<string, readonly [name: string, digest: string]>> = {
  prime256v1: ['nistp256', 'sha256'],
  secp384r1: ['nistp384', 'sha384'],
  secp521r1: ['nistp521', 'sha512'],
};

/** @see RFC 5656, section 3.1 */
function ecKey(key: KeyObject, point: Buffer): AgentKey {
  const name = key.asymmetricKeyDetails?.namedCurve ?? '';
  const [curve, digest] = curves[name] ?? [];
  if (curve === undefined || digest === undefined) throw unsupported(`ecdsa with ${name}`);
  const type = string(`ecdsa-sha2-${curve}`);
  return {
    blob: Buffer.concat([type, string(curve), string(point)]),
    sign(data) {
      const both = sign(digest, data, { key, dsaEncoding: 'ieee-p1363' });
      const [r, s] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
      return Buffer.concat([type, string(Buffer.concat([mpint(r), mpint(s)]))]);
    },
  };
}

function unsupported(type: string): SlipwayError {
  return new SlipwayError('SSH_BAD_KEY', `keys of type ${type} are not supported`, {
    hint: 'use an ed25519, ecdsa or rsa key',
  });
}
