import { createPrivateKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { answer } from './agent.ts';
import { readAgentKey } from './agent-key.ts';
import { readFields, string, uint32 } from './wire.ts';

const pem = { type: 'pkcs8', format: 'pem' } as const;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = readAgentKey(Buffer.from(privateKey.export(pem)));

function signRequest(blob: Uint8Array, data: string, flags = 0): Buffer {
  return Buffer.concat([Buffer.from([13]), string(blob), string(data), uint32(flags)]);
}

test('answer() lists keys without comments, and signs for those it has', () => {
  const list = Buffer.concat([Buffer.from([12]), uint32(1), string(key.blob), string('')]);
  expect(answer([key], Buffer.from([11]))).toEqual(list);
  const reply = readFields(answer([key], signRequest(key.blob, 'text')).subarray(1));
  const signature = readFields(reply.string());
  expect(signature.text()).toBe('ssh-ed25519');
  expect(verify(null, Buffer.from('text'), publicKey, signature.string())).toBe(true);
});

test.for([
  ['sha1', 0, 'ssh-rsa'],
  ['sha256', 2, 'rsa-sha2-256'],
  ['sha512', 4, 'rsa-sha2-512'],
  ['sha512', 6, 'rsa-sha2-512'],
] as const)('an RSA key signs with %s for flags %i', ([digest, flags, name]) => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signature = readFields(readAgentKey(Buffer.from(pair.privateKey.export(pem))).sign(Buffer.from('text'), flags));
  expect(signature.text()).toBe(name);
  expect(verify(digest, Buffer.from('text'), pair.publicKey, signature.string())).toBe(true);
});

test.for([
  ['nothing', Buffer.alloc(0)],
  ['a key that is not held', signRequest(Buffer.from('other'), 'text')],
  ['a request that ends early', signRequest(key.blob, 'text').subarray(0, 20)],
  ['a length beyond the end', Buffer.concat([Buffer.from([13]), uint32(0xffffffff)])],
  ['adding a key', Buffer.concat([Buffer.from([17]), string('ssh-ed25519')])],
  ['removing all', Buffer.from([19])],
  ['an extension', Buffer.concat([Buffer.from([27]), string('session-bind@openssh.com')])],
] as const)('answer() refuses %s', ([, request]) => {
  expect(answer([key], request)).toEqual(Buffer.from([5]));
});

const openSsh = (body: Buffer): string =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
const head = (cipher: string, count = 1): Buffer =>
  Buffer.concat([Buffer.from('openssh-key-v1\0'), string(cipher), string('none'), string(''), uint32(count), string('')]);
const secret = (...parts: readonly Buffer[]): Buffer => string(Buffer.concat([uint32(7), uint32(7), ...parts]));

test.for([
  ['an empty file', '', 'no key found'],
  ['another PEM', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----', 'no key found'],
  ['a public key', 'ssh-ed25519 AAAAC3Nz me', 'this is a public key'],
  ['a key without its magic', openSsh(Buffer.from('openssh-key-v9\0')), 'the data is no OpenSSH key'],
  ['a key that ends early', openSsh(head('none').subarray(0, 30)), 'the data ends too early'],
  ['a key with a passphrase', openSsh(head('aes256-ctr')), 'this private key is passphrase protected'],
  ['several keys', openSsh(head('none', 2)), 'the file holds several keys'],
  [
    'check numbers that differ',
    openSsh(Buffer.concat([head('none'), string(Buffer.concat([uint32(1), uint32(2)]))])),
    'the data is damaged',
  ],
  [
    'a key on a token',
    openSsh(Buffer.concat([head('none'), secret(string('sk-ssh-ed25519@openssh.com'))])),
    'keys of type sk-ssh-ed25519@openssh.com are not supported',
  ],
  [
    'an old PEM with a passphrase',
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----',
    'this private key is passphrase protected',
  ],
] as const)('readAgentKey() refuses %s', ([, file, message]) => {
  expect(() => readAgentKey(Buffer.from(file))).toThrow(message);
});

test('readAgentKey() refuses a key of a kind that agents do not know', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
  expect(() => readAgentKey(Buffer.from(createPrivateKey(other.export(pem)).export(pem)))).toThrow('not supported');
});
