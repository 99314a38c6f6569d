import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Descriptor,
  descriptorOf,
  digestOf,
  mediaTypes,
  parseManifest,
  parseReference,
  printImageConfig,
  printManifest,
} from '../../src/oci/index.ts';
import {
  anonymous,
  createRegistryClient,
  loadDockerCredentials,
  type RegistryClient,
  type RegistryOptions,
} from '../../src/registry/index.ts';
import { type RegistryServer, startRegistry } from './support/docker-registry.ts';

const { signal } = new AbortController();
const amd64 = { os: 'linux', architecture: 'amd64' };

function newClient(options: Partial<RegistryOptions> = {}): RegistryClient {
  return createRegistryClient({
    mirrors: new Map(),
    insecureHosts: [],
    credentials: anonymous,
    userAgent: 'slipway/test',
    env: {},
    ...options,
  });
}

interface TestImage {
  readonly layer: Descriptor;
  readonly layerBytes: Buffer;
  readonly config: Descriptor;
  readonly configBytes: Uint8Array;
  readonly manifest: Descriptor;
  readonly manifestBytes: Uint8Array;
}

function makeImage(sizeBytes = 3000): TestImage {
  const tar = randomBytes(sizeBytes);
  const layerBytes = gzipSync(tar);
  const layer = descriptorOf(mediaTypes.ociLayerGzip, layerBytes);
  const configBytes = printImageConfig({
    platform: amd64,
    config: { Env: ['A=1'] },
    diffIds: [digestOf(tar)],
    history: [],
    unknown: {},
  });
  const config = descriptorOf(mediaTypes.ociConfig, configBytes);
  const manifestBytes = printManifest({ kind: 'manifest', mediaType: mediaTypes.ociManifest, config, layers: [layer] });
  return { layer, layerBytes, config, configBytes, manifest: descriptorOf(mediaTypes.ociManifest, manifestBytes), manifestBytes };
}

async function pushImage(client: RegistryClient, name: string, image: TestImage): Promise<readonly string[]> {
  const reference = parseReference(name);
  const blobs = [
    await client.pushBlob(reference, image.layer, () => pieces(image.layerBytes), { signal }),
    await client.pushBlob(reference, image.config, () => pieces(image.configBytes), { signal }),
  ];
  expect(await client.pushManifest(reference, image.manifestBytes, mediaTypes.ociManifest, { signal })).toBe(
    image.manifest.digest,
  );
  return blobs;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

let server: RegistryServer;
beforeAll(async () => {
  server = await startRegistry();
});
afterAll(() => server[Symbol.asyncDispose]());

test('REG-06 REG-12 what is pushed resolves and comes back byte for byte', async () => {
  await using client = newClient();
  const image = makeImage(5_000_000);
  const name = `${server.host}/team/app:1`;
  expect(await pushImage(client, name, image)).toEqual(['uploaded', 'uploaded']);
  expect(await client.resolve(parseReference(name), { signal })).toEqual(image.manifest);
  const got = await client.fetchImage(parseReference(name), amd64, { signal });
  expect(got.descriptor).toEqual(image.manifest);
  expect(got.imageConfig.config.Env).toEqual(['A=1']);
  expect(parseManifest(got.manifestBytes)).toEqual(got.manifest);
  const layer = await collect(client.fetchBlob(parseReference(name), image.layer, { signal }));
  expect(layer.equals(image.layerBytes)).toBe(true);
});

test('REG-10 REG-14 pushing again sends nothing', async () => {
  await using client = newClient();
  const image = makeImage();
  const name = `${server.host}/team/again:1`;
  await pushImage(client, name, image);
  expect(await pushImage(client, name, image)).toEqual(['exists', 'exists']);
});

test('REG-11 a blob of another repository is mounted', async () => {
  await using client = newClient();
  const image = makeImage();
  await pushImage(client, `${server.host}/team/source:1`, image);
  const target = parseReference(`${server.host}/team/target:1`);
  const never = (): AsyncIterable<Uint8Array> => {
    throw new Error('nobody should read the bytes');
  };
  expect(await client.pushBlob(target, image.layer, never, { signal, mountFrom: 'team/source' })).toBe('mounted');
  expect((await collect(client.fetchBlob(target, image.layer, { signal }))).equals(image.layerBytes)).toBe(true);
});

test('REG-11 a mount from where the blob is not becomes an upload', async () => {
  await using client = newClient();
  const image = makeImage();
  const target = parseReference(`${server.host}/team/target2:1`);
  expect(await client.pushBlob(target, image.layer, () => pieces(image.layerBytes), { signal, mountFrom: 'team/nothing' })).toBe(
    'uploaded',
  );
});

test("REG-13 REG-18 a manifest whose blobs are missing is refused with the registry's code", async () => {
  await using client = newClient();
  const image = makeImage();
  await expect(
    client.pushManifest(parseReference(`${server.host}/team/early:1`), image.manifestBytes, mediaTypes.ociManifest, { signal }),
  ).rejects.toMatchObject({ serverCodes: expect.arrayContaining(['MANIFEST_BLOB_UNKNOWN']) });
});

test('REG-07 an index gives the manifest of the platform', async () => {
  await using client = newClient();
  const [one, other] = [makeImage(), makeImage()];
  const name = `${server.host}/team/multi`;
  for (const image of [one, other]) await pushImage(client, `${name}@${image.manifest.digest}`, image);
  const manifests = [
    { ...other.manifest, platform: { os: 'linux', architecture: 'arm64' } },
    { ...one.manifest, platform: amd64 },
  ];
  const index = printManifest({ kind: 'index', mediaType: mediaTypes.ociIndex, manifests });
  await client.pushManifest(parseReference(`${name}:1`), index, mediaTypes.ociIndex, { signal });
  const got = await client.fetchImage(parseReference(`${name}:1`), amd64, { signal });
  expect(got.descriptor.digest).toBe(one.manifest.digest);
  expect(got.index?.descriptor).toEqual(descriptorOf(mediaTypes.ociIndex, index));
});

test('REG-18 an unknown tag is told as not found', async () => {
  await using client = newClient();
  await expect(client.resolve(parseReference(`${server.host}/team/nothing:1`), { signal })).rejects.toMatchObject({
    code: 'REG_NOT_FOUND',
    status: 404,
  });
});

// user `joe`, password `geheim`
const htpasswd = 'joe:$2b$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.\n';

test('REG-01 REG-20 a registry that wants a login', async () => {
  await using locked = await startRegistry({ htpasswd });
  const image = makeImage();
  const name = `${locked.host}/team/app:1`;
  await using stranger = newClient();
  await expect(stranger.resolve(parseReference(name), { signal })).rejects.toMatchObject({
    code: 'REG_DENIED',
    hint: expect.stringContaining('docker login'),
  });
  const auths = { [locked.host]: { auth: Buffer.from('joe:geheim').toString('base64') } };
  await using joe = newClient({ credentials: loadDockerCredentials({ env: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) } }) });
  expect(await pushImage(joe, name, image)).toEqual(['uploaded', 'uploaded']);
  expect(await joe.resolve(parseReference(name), { signal })).toEqual(image.manifest);
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each !== undefined && each.family === 'IPv4' && !each.internal)?.address;

test.skipIf(outside === undefined)('REG-15 TLS: unknown authority refused; known, insecure and loopback taken', async () => {
  const address = outside ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'slipway-tls-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=tests', '-addext', `subjectAltName=IP:${address}`];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  try {
    expect(await readFile(certificate, 'latin1')).toContain('BEGIN CERTIFICATE');
    const image = makeImage();
    await using remote = await startRegistry({ address, tls: { certificate, key } });
    const name = `${remote.host}/team/app:1`;
    await using strict = newClient();
    await expect(strict.resolve(parseReference(name), { signal })).rejects.toMatchObject({
      code: 'REG_TLS',
      hint: expect.stringContaining('SLIPWAY_EXTRA_CA_CERTS'),
    });
    for (const variable of ['SLIPWAY_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
      await using trusting = newClient({ env: { [variable]: certificate } });
      await pushImage(trusting, name, image);
      expect(await trusting.resolve(parseReference(name), { signal })).toEqual(image.manifest);
    }
    await using careless = newClient({ insecureHosts: [remote.host] });
    expect(await careless.resolve(parseReference(name), { signal })).toEqual(image.manifest);
    await using local = await startRegistry({ tls: { certificate, key } });
    await using plain = newClient();
    expect(await pushImage(plain, `${local.host}/team/app:1`, image)).toEqual(['uploaded', 'uploaded']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

const addresses = outside === undefined ? ['127.0.0.1'] : ['127.0.0.1', outside];

test.for(addresses)('REG-17 client certificates and authorities by host, from certs.d, at %s', async (address) => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-mtls-'));
  const at = (name: string): string => join(directory, name);
  const newKey = 'req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'.split(' ');
  const certificate = (name: string, ...more: readonly string[]): Promise<unknown> =>
    promisify(execFile)('openssl', [
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.crt`),
      ...more,
    ]);
  const signed = ['-CA', at('ca.crt'), '-CAkey', at('ca.key')];
  try {
    await certificate('ca');
    await certificate(
      'server',
      '-addext',
      `subjectAltName=IP:${address}`,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      ...signed,
    );
    await certificate(
      'client',
      '-addext',
      'extendedKeyUsage=clientAuth',
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      ...signed,
    );
    const tls = { certificate: at('server.crt'), key: at('server.key'), clientCa: at('ca.crt') };
    await using server = await startRegistry({ address, tls });
    const reference = parseReference(`${server.host}/team/app:1`);
    const folder = join(directory, 'certs.d', server.host);
    const client = (): RegistryClient =>
      newClient({ certificateDirectories: [at('nothing'), at('certs.d')], tuning: { maxTries: 1 } });
    const resolve = async (): Promise<Descriptor> => {
      await using asking = client();
      return await asking.resolve(reference, { signal });
    };
    await mkdir(folder, { recursive: true });
    await copyFile(at('client.crt'), join(folder, 'client.cert'));
    await expect(resolve()).rejects.toMatchObject({
      code: 'REG_BAD_CERTS',
      message: `\`${join(folder, 'client.cert')}\` has no \`client.key\` beside it`,
    });
    await copyFile(at('client.key'), join(folder, 'client.key'));
    await copyFile(at('ca.crt'), join(folder, 'ca.crt'));
    await using trusted = client();
    const image = makeImage();
    expect(await pushImage(trusted, `${server.host}/team/app:1`, image)).toEqual(['uploaded', 'uploaded']);
    expect(await trusted.resolve(reference, { signal })).toEqual(image.manifest);
    await copyFile(at('server.key'), join(folder, 'client.key'));
    await expect(resolve()).rejects.toMatchObject({ code: 'REG_BAD_CERTS' });

    // Before TLS 1.3, a server can say in time why it lets nobody in.
    const options = { cert: await readFile(tls.certificate), key: await readFile(tls.key), ca: await readFile(tls.clientCa) };
    const strict = createServer({ ...options, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' });
    await new Promise<void>((done) => strict.listen(0, '127.0.0.1', done));
    await using stranger = newClient({ tuning: { maxTries: 1 } });
    const name = `127.0.0.1:${(strict.address() as AddressInfo).port}/team/app:1`;
    await expect(stranger.resolve(parseReference(name), { signal })).rejects.toMatchObject({
      code: 'REG_NO_CLIENT_CERTIFICATE',
      hint: expect.stringContaining('/etc/docker/certs.d/HOST'),
    });
    strict.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
