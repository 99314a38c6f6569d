import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SlipwayError } from '../base/index.ts';
import { readFields } from './wire.ts';

const magic = 'openssh-key-v1\0';

/**
 * Read a private key file: OpenSSH's own format, or PEM as OpenSSL writes it.
 *
 * @throws {SlipwayError} `SSH_ENCRYPTED_KEY` it needs a passphrase; `SSH_BAD_KEY` it is no key, or of a kind that isn't supported
 */
export function parsePrivateKey(file: Uint8Array): KeyObject {
  const text = Buffer.from(file).toString('latin1');
  const [, label = '', body = ''] = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/.exec(text) ?? [];
  if (label === '') {
    const isPublic = /^(?:ssh-|ecdsa-|sk-)\S+ AAAA|-----BEGIN PUBLIC KEY-----/.test(text.trim());
    throw badKey(isPublic ? 'this is a public key' : 'no key found', isPublic ? 'name the file without `.pub`' : undefined);
  }
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(body)) throw encrypted();
  try {
    if (label === 'OPENSSH PRIVATE KEY') return parseOpenSsh(Buffer.from(body, 'base64'));
    return createPrivateKey(text);
  } catch (cause) {
    if (cause instanceof SlipwayError && cause.code !== 'SSH_BAD_MESSAGE') throw cause;
    throw badKey(cause instanceof Error ? cause.message : String(cause), undefined, cause);
  }
}

/** @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function parseOpenSsh(bytes: Buffer): KeyObject {
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) throw badKey('the data is no OpenSSH key');
  const fields = readFields(bytes.subarray(magic.length));
  const cipher = fields.text();
  fields.string(); // the key derivation and its options
  fields.string();
  if (fields.uint32() !== 1) throw badKey('the file holds several keys');
  if (cipher !== 'none') throw encrypted();
  fields.string(); // the public key, which follows from the private one
  const secret = readFields(fields.string());
  if (secret.uint32() !== secret.uint32()) throw badKey('the data is damaged');
  const type = secret.text();
  return createPrivateKey({ key: jwkOf(type, secret), format: 'jwk' });
}

type Fields = ReturnType<typeof readFields>;

function jwkOf(type: string, secret: Fields): JsonWebKey {
  switch (type) {
    case 'ssh-ed25519': {
      const x = secret.string();
      return { kty: 'OKP', crv: 'Ed25519', x: base64(x), d: base64(secret.string().subarray(0, 32)) };
    }
    case 'ssh-rsa':
      return rsaJwk(secret);
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521': {
      const bits = Number(secret.text().slice('nistp'.length));
      const size = Math.ceil(bits / 8);
      const point = secret.string();
      const d = Buffer.concat([Buffer.alloc(size), secret.mpint()]).subarray(-size);
      const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
      return { kty: 'EC', crv: `P-${bits}`, x: base64(x), y: base64(y), d: base64(d) };
    }
    default:
      throw badKey(`keys of type ${type} are not supported`, 'add it to an agent with `ssh-add`, and hand on the agent');
  }
}

function rsaJwk(secret: Fields): JsonWebKey {
  const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => secret.mpint()) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  const exponent = (prime: Buffer): Buffer => {
    const hex = (numberOf(d) % (numberOf(prime) - 1n)).toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  };
  const numbers = { n, e, d, p, q, dp: exponent(p), dq: exponent(q), qi };
  return { kty: 'RSA', ...Object.fromEntries(Object.entries(numbers).map(([name, bytes]) => [name, base64(bytes)])) };
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`);
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function badKey(message: string, hint?: string, cause?: unknown): SlipwayError {
  return new SlipwayError('SSH_BAD_KEY', message, { hint: hint ?? 'name a private key file of OpenSSH, or PEM', cause });
}

function encrypted(): SlipwayError {
  return new SlipwayError('SSH_ENCRYPTED_KEY', 'this private key is passphrase protected', {
    hint: 'add it to an agent with `ssh-add` and pass `--ssh default`',
  });
}
