import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Digest, hexOf } from '../oci/index.ts';
import { type SampleImage, sampleImage, writeLayout } from '../source/samples.ts';
import { chunksOf, type ScratchStore, scratchStore } from '../store/scratch-store.ts';
import { contentOf } from '../tar/samples.ts';
import { TarWriter } from '../tar/index.ts';
import { listImages, tagImage } from './images.ts';
import { importImage } from './import.ts';
import { loadImages, saveImages } from './transfer.ts';

const image = sampleImage('amd64', 'a', 'b');
const engineOf = ({ store }: ScratchStore): { root: string } => ({ root: store.paths.root });

/** A tar of these files. */
function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const chunks: Buffer[] = [];
  const tar = new TarWriter({ output: (chunk) => void chunks.push(Buffer.from(chunk)) });
  for (const [path, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    tar.writeHeader({ type: 'file', path, mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: bytes.length });
    tar.writeContent(bytes);
  }
  tar.finish();
  return Buffer.concat(chunks);
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** As `docker save` wrote it before it knew of OCI layouts. */
function dockerArchive(
  more: Readonly<Record<string, Uint8Array | string>> = {},
  entry: Readonly<Record<string, unknown>> = {},
  from: SampleImage = image,
): Buffer {
  const config = from.blobs.get(from.manifest.config.digest) ?? '';
  const list = [{ Config: 'config.json', RepoTags: ['app:1', 'app:2'], Layers: ['abc/layer.tar'], ...entry }];
  return tarOf({ 'abc/layer.tar': from.tar, 'config.json': config, 'manifest.json': json(list), ...more });
}

async function load(scratch: ScratchStore, bytes: Uint8Array): Promise<string[][]> {
  const loaded = await loadImages({ source: '-', stdin: chunksOf(bytes), engine: engineOf(scratch) });
  return loaded.map(({ names }) => [...names]);
}

test.for<[what: string, pack: (tar: Buffer) => Uint8Array]>([
  ['a tar', (tar) => tar],
  ['a gzip tar', (tar) => gzipSync(tar)],
])('loadImages() reads a docker archive in %s', async ([, pack]) => {
  using scratch = scratchStore();
  expect(await load(scratch, pack(dockerArchive()))).toEqual([['app:1']]);
  const [summary] = await listImages({ engine: engineOf(scratch) });
  expect(summary).toMatchObject({ names: ['app:1', 'app:2'], imageId: image.manifest.config.digest, sizeBytes: 6000 });
  expect(scratch.ingests()).toEqual([]);
});

test('loadImages() reads an OCI layout from a directory and from a tar', async () => {
  using scratch = scratchStore();
  const layout = join(scratch.folder, 'layout');
  writeLayout(layout, [
    {
      image,
      entry: { annotations: { 'io.containerd.image.name': 'docker.io/library/app:1', 'org.opencontainers.image.ref.name': '1' } },
    },
    { image, entry: { annotations: { 'org.opencontainers.image.ref.name': 'host.example/app:2' } } },
    { image, entry: { annotations: { 'org.opencontainers.image.ref.name': 'latest' } } },
  ]);
  const loaded = await loadImages({ source: layout, engine: engineOf(scratch) });
  expect(loaded.map(({ names }) => names)).toEqual([['app:1'], ['host.example/app:2'], []]);
  expect(loaded[0]?.manifestDigest).toBe(image.descriptor.digest);
});

test('saveImages() writes what loadImages() reads', async () => {
  using one = scratchStore();
  using two = scratchStore();
  await load(one, dockerArchive());
  const dest = join(one.folder, 'saved.tar');
  for (const format of ['docker', 'oci'] as const) {
    await saveImages({ names: ['app:1'], dest, format, engine: engineOf(one) });
    expect(await loadImages({ source: dest, engine: engineOf(two) })).toMatchObject([
      { names: ['app:1'], imageId: image.manifest.config.digest },
    ]);
  }
});

const blobName = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;
const layoutFiles = Object.fromEntries([...image.blobs].map(([digest, bytes]) => [blobName(digest), bytes]));
const index = json({ schemaVersion: 2, manifests: [image.descriptor] });

test.for<[what: string, bytes: Uint8Array, code: string]>([
  ['nothing', Buffer.alloc(0), 'BUILD_BAD_ARCHIVE'],
  ['a tar of other things', tarOf({ 'readme.txt': 'hello' }), 'BUILD_BAD_ARCHIVE'],
  ['a tar that was cut off', dockerArchive().subarray(0, 3000), 'TAR_TRUNCATED'],
  ['text', Buffer.alloc(2000, 'this is no tar'), 'TAR_BAD_HEADER'],
  ['a manifest.json that is no JSON', dockerArchive({ 'manifest.json': '{' }), 'BUILD_BAD_ARCHIVE'],
  ['a manifest.json that is no list', dockerArchive({ 'manifest.json': '{}' }), 'BUILD_BAD_ARCHIVE'],
  ['a manifest.json of other values', dockerArchive({}, { Layers: [7] }), 'BUILD_BAD_ARCHIVE'],
  ['a null in manifest.json', dockerArchive({ 'manifest.json': '[null]' }), 'BUILD_BAD_ARCHIVE'],
  ['a config that is not there', dockerArchive({}, { Config: 'other.json' }), 'BUILD_BAD_ARCHIVE'],
  ['a layer that is not there', dockerArchive({}, { Layers: ['other.tar'] }), 'BUILD_BAD_ARCHIVE'],
  ['fewer layers than the config names', dockerArchive({}, { Layers: [] }), 'BUILD_BAD_ARCHIVE'],
  ['another layer', dockerArchive({ 'abc/layer.tar': sampleImage('amd64', 'x').tar }), 'BUILD_BAD_ARCHIVE'],
  ['a bad name', dockerArchive({}, { RepoTags: ['UPPER CASE'] }), 'OCI_BAD_REFERENCE'],
  ['a layout without its manifest', tarOf({ 'index.json': index }), 'BUILD_BAD_ARCHIVE'],
  [
    'a layout with another manifest',
    tarOf({ ...layoutFiles, [blobName(image.descriptor.digest)]: '{}', 'index.json': index }),
    'BUILD_BAD_ARCHIVE',
  ],
  [
    'a layout with another config',
    tarOf({ ...layoutFiles, [blobName(image.manifest.config.digest)]: '{}', 'index.json': index }),
    'BUILD_BAD_ARCHIVE',
  ],
  [
    'a layout with another layer',
    tarOf({ ...layoutFiles, [blobName(image.layer.digest)]: gzipSync(contentOf('x', 9)), 'index.json': index }),
    'OCI_DIGEST_MISMATCH',
  ],
  [
    'a layout without its layer',
    tarOf({
      ...Object.fromEntries(Object.entries(layoutFiles).filter(([name]) => name !== blobName(image.layer.digest))),
      'index.json': index,
    }),
    'BUILD_BAD_ARCHIVE',
  ],
])('loadImages() refuses %s and stores no image', async ([, bytes, code]) => {
  using scratch = scratchStore();
  await expect(load(scratch, bytes)).rejects.toMatchObject({ code });
  expect(await listImages({ engine: engineOf(scratch) })).toEqual([]);
  expect(scratch.ingests()).toEqual([]);
});

test.for(['../secret.json', '/etc/hostname', 'a/../../secret.json'])(
  'loadImages() of a directory never reads `%s`',
  async (name) => {
    using scratch = scratchStore();
    writeFileSync(join(scratch.folder, 'secret.json'), '{"rootfs":{"diff_ids":[]}}');
    const directory = join(scratch.folder, 'archive');
    mkdirSync(join(directory, 'a'), { recursive: true });
    writeFileSync(join(directory, 'manifest.json'), json([{ Config: name, Layers: [] }]));
    await expect(loadImages({ source: directory, engine: engineOf(scratch) })).rejects.toMatchObject({
      code: 'BUILD_BAD_ARCHIVE',
      message: expect.stringContaining('outside'),
    });
  },
);

test('loadImages() of a file that is not there says so', async () => {
  using scratch = scratchStore();
  await expect(loadImages({ source: join(scratch.folder, 'no.tar'), engine: engineOf(scratch) })).rejects.toMatchObject({
    code: 'BUILD_BAD_ARCHIVE',
  });
  await expect(loadImages({ source: '-', engine: engineOf(scratch) })).rejects.toMatchObject({ code: 'BUILD_BAD_ARCHIVE' });
});

test('loadImages() ends its source when it cannot read it', async () => {
  using scratch = scratchStore();
  const path = join(scratch.folder, 'text');
  writeFileSync(path, Buffer.alloc(3 << 20, 'this is no tar'));
  const stdin = createReadStream(path, { highWaterMark: 1000 });
  await expect(loadImages({ source: '-', stdin, engine: engineOf(scratch) })).rejects.toMatchObject({ code: 'TAR_BAD_HEADER' });
  expect(stdin.destroyed).toBe(true);
});

test('tagImage() and importImage() refuse a name with a digest', async () => {
  using scratch = scratchStore();
  await load(scratch, dockerArchive());
  const name = `app@${image.descriptor.digest}`;
  await expect(tagImage({ source: 'app:1', target: name, engine: engineOf(scratch) })).rejects.toMatchObject({
    code: 'BUILD_BAD_NAME',
  });
  await expect(importImage({ tar: 'x', name, engine: engineOf(scratch) })).rejects.toMatchObject({ code: 'BUILD_BAD_NAME' });
});

test('importImage() makes the same image of the same tar, and says what is wrong with another', async () => {
  using scratch = scratchStore();
  const tar = join(scratch.folder, 'root.tar');
  const call = { tar, name: 'base', engine: engineOf(scratch), platform: 'linux/amd64' };
  await expect(importImage(call)).rejects.toMatchObject({ code: 'BUILD_BAD_IMPORT' });
  writeFileSync(tar, '');
  await expect(importImage(call)).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  writeFileSync(tar, image.tar);
  const one = await importImage(call);
  rmSync(scratch.store.paths.root, { recursive: true });
  expect(await importImage(call)).toEqual(one);
  writeFileSync(join(scratch.folder, 'config.json'), '[]');
  await expect(importImage({ ...call, configFile: join(scratch.folder, 'config.json') })).rejects.toMatchObject({
    code: 'BUILD_BAD_IMPORT',
  });
});
