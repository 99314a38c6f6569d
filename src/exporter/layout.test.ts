import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dir } from '../layer/samples.ts';
import { hexOf, type ImageConfig } from '../oci/index.ts';
import { parseAll } from '../tar/samples.ts';
import { type ExportedImage, exportImage, exportStored } from './image.ts';
import { type LayoutContent, writeLayoutDirectory, writeLayoutTar } from './layout.ts';
import { inline, scratchExport, type ScratchExport } from './samples.ts';

const { signal } = new AbortController();
const base: ImageConfig = {
  platform: { os: 'linux', architecture: 'arm64' },
  config: { Cmd: ['run'] },
  diffIds: [],
  history: [],
  unknown: {},
};
const history = [
  { createdBy: 'RUN one', comment: 'c', emptyLayer: false },
  { createdBy: 'RUN two', comment: 'c', emptyLayer: false },
];

async function image(scratch: ScratchExport): Promise<ExportedImage> {
  const layers = [scratch.layer('one', [dir('d'), inline('d/f')]), scratch.layer('two', [inline('g', 'x'.repeat(100_000))])];
  return await exportImage({ layers, base, history }, { compression: { type: 'gzip' } }, scratch.ports);
}

async function tarOf(scratch: ScratchExport, content: LayoutContent): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await writeLayoutTar(scratch.store, content, (chunk) => void chunks.push(Buffer.from(chunk)), signal);
  return Buffer.concat(chunks);
}

/** The files of a tar as JSON or as digests. */
function filesOf(tar: Buffer): Map<string, Buffer> {
  const { members, contents } = parseAll(tar);
  return new Map(members.flatMap(({ name, type }, at) => (type === 'file' ? [[name, contents[at] ?? Buffer.alloc(0)]] : [])));
}

function json(files: ReadonlyMap<string, Buffer>, name: string): unknown {
  return JSON.parse(String(files.get(name)));
}

test('writeLayoutTar() gives equal images equal bytes', async () => {
  const made: Buffer[] = [];
  for (const _ of [1, 2]) {
    using scratch = scratchExport();
    made.push(
      await tarOf(scratch, { images: [{ image: await image(scratch), names: ['docker.io/library/app:1'] }], format: 'docker' }),
    );
  }
  expect(made[0]?.equals(made[1] ?? Buffer.alloc(0))).toBe(true);
});

test('writeLayoutTar() writes sorted entries of owner 0:0 and time 0', async () => {
  using scratch = scratchExport();
  const { members } = parseAll(await tarOf(scratch, { images: [{ image: await image(scratch), names: [] }], format: 'docker' }));
  expect(members.map(({ name }) => name)).toEqual(members.map(({ name }) => name).toSorted());
  expect(members.slice(0, 2).map(({ name, type, mode }) => [name, type, mode])).toEqual([
    ['blobs/', 'dir', 0o755],
    ['blobs/sha256/', 'dir', 0o755],
  ]);
  expect(members.slice(-3).map(({ name, mode }) => [name, mode])).toEqual([
    ['index.json', 0o644],
    ['manifest.json', 0o644],
    ['oci-layout', 0o444],
  ]);
  expect(new Set(members.map(({ uid, gid, mtimeSec }) => `${uid} ${gid} ${mtimeSec}`))).toEqual(new Set(['0 0 0']));
});

test('writeLayoutTar() holds every blob that the index leads to, under its digest, and no other', async () => {
  using scratch = scratchExport();
  const made = await image(scratch);
  const files = filesOf(await tarOf(scratch, { images: [{ image: made, names: [] }], format: 'oci' }));
  const blobs = [...files].filter(([name]) => name.startsWith('blobs/'));
  for (const [name, bytes] of blobs) expect(name).toBe(`blobs/sha256/${createHash('sha256').update(bytes).digest('hex')}`);
  const wanted = [made.descriptor, made.manifest.config, ...made.manifest.layers].map(
    ({ digest }) => `blobs/sha256/${hexOf(digest)}`,
  );
  expect(blobs.map(([name]) => name)).toEqual(wanted.toSorted());
  expect([...files.keys()].filter((name) => !name.startsWith('blobs/'))).toEqual(['index.json', 'oci-layout']);
  expect(json(files, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
});

test('IMG-19 writeLayoutTar() has a descriptor for each name in index.json', async () => {
  using scratch = scratchExport();
  const made = await image(scratch);
  const names = ['docker.io/library/app:1', 'host.example:5000/team/app:2'];
  const files = filesOf(await tarOf(scratch, { images: [{ image: made, names }], format: 'oci' }));
  const { mediaType, digest, size } = made.descriptor;
  const entry = (name: string, tag: string): unknown => ({
    mediaType,
    digest,
    size,
    platform: { architecture: 'arm64', os: 'linux' },
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      'org.opencontainers.image.ref.name': tag,
    },
  });
  expect(json(files, 'index.json')).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [entry('docker.io/library/app:1', '1'), entry('host.example:5000/team/app:2', '2')],
  });
});

test('writeLayoutTar() for docker names images as people do, in manifest.json', async () => {
  using scratch = scratchExport();
  const made = await image(scratch);
  const names = ['docker.io/library/app:1', 'docker.io/team/app:latest', 'host.example:5000/team/app:2'];
  const files = filesOf(
    await tarOf(scratch, {
      images: [
        { image: made, names },
        { image: made, names: [] },
      ],
      format: 'docker',
    }),
  );
  const entry = {
    Config: `blobs/sha256/${hexOf(made.configDigest)}`,
    Layers: made.manifest.layers.map(({ digest }) => `blobs/sha256/${hexOf(digest)}`),
  };
  expect(json(files, 'manifest.json')).toEqual([
    { ...entry, RepoTags: ['app:1', 'team/app:latest', 'host.example:5000/team/app:2'] },
    { ...entry, RepoTags: [] },
  ]);
});

test('writeLayoutDirectory() writes the same files, readable for others', async () => {
  using scratch = scratchExport();
  const content = { images: [{ image: await image(scratch), names: [] }], format: 'oci' as const };
  const directory = join(scratch.folder, 'out');
  mkdirSync(directory);
  for (const _ of [1, 2]) await writeLayoutDirectory(scratch.store, content, directory, signal);
  const files = filesOf(await tarOf(scratch, content));
  for (const [name, bytes] of files) {
    expect(readFileSync(join(directory, name)).equals(bytes)).toBe(true);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o644);
  }
  expect(readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())).toHaveLength(
    files.size,
  );
});

test('writeLayoutTar() stops when it is told to, and when nobody takes its bytes', async () => {
  using scratch = scratchExport();
  const content = { images: [{ image: await image(scratch), names: [] }], format: 'oci' as const };
  const stopped = AbortSignal.abort(new Error('Ctrl-C'));
  await expect(writeLayoutTar(scratch.store, content, () => {}, stopped)).rejects.toThrow('Ctrl-C');
  await expect(writeLayoutTar(scratch.store, content, () => Promise.reject(new Error('EPIPE')), signal)).rejects.toThrow('EPIPE');
});

test('exportStored() keeps the image ID, whatever the compression', async () => {
  using scratch = scratchExport();
  const layers = [scratch.layer('one', [inline('f')])];
  const plain = await exportImage(
    { layers, base, history: history.slice(0, 1) },
    { compression: { type: 'uncompressed' } },
    scratch.ports,
  );
  const packed = await exportStored(
    { configDigest: plain.configDigest, layers },
    { compression: { type: 'gzip' } },
    scratch.ports,
  );
  expect(packed.configDigest).toBe(plain.configDigest);
  expect(packed.descriptor.digest).not.toBe(plain.descriptor.digest);
  expect(packed.sizeBytes).toBe(plain.sizeBytes);
});
