import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { descriptorOf, digestOf, hexOf, mediaTypes, type Platform, printManifest } from '../oci/index.ts';
import { scratchStore, type ScratchStore } from '../store/scratch-store.ts';
import { createImageSource, type ImageSource } from './image-source.ts';
import { FakeRegistry, sampleImage, writeLayout } from './samples.ts';

const { signal } = new AbortController();
const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };
const image = sampleImage('amd64', 'a', 'b');
const newer = sampleImage('amd64', 'a', 'c');

function sourceOf(
  scratch: ScratchStore,
  registry: FakeRegistry = new FakeRegistry(image),
): ImageSource & { readonly registry: FakeRegistry } {
  const source = createImageSource({ store: scratch.reopen(), registry: registry.open, now: () => 0 });
  return { ...source, registry };
}

/** Give the store an image of that name, with its documents but not its layers. */
function name({ store }: ScratchStore, full: string, sample = image): void {
  for (const { mediaType, digest } of [sample.descriptor, sample.manifest.config])
    store.blobs.put(mediaType, sample.blobs.get(digest) ?? Buffer.alloc(0));
  store.images.put({
    name: full,
    manifest: sample.descriptor,
    configDigest: sample.manifest.config.digest,
    layers: [],
    storedAt: '',
  });
}

test('resolve() pins the image by the digest of its manifest', async () => {
  using scratch = scratchStore();
  const resolved = await sourceOf(scratch).resolve('alpine', amd64, { signal });
  expect(resolved.identifier).toBe(`docker-image://docker.io/library/alpine:latest@${image.descriptor.digest}`);
  expect(resolved.digest).toBe(image.descriptor.digest);
  expect(resolved.config.diffIds).toEqual([image.diffId]);
});

test('resolve() asks the registry once, and not again in later builds', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  const first = await resolve('alpine', amd64, { signal });
  registry.image = newer;
  expect(await resolve('docker.io/library/alpine:latest', amd64, { signal })).toEqual(first);
  expect(await sourceOf(scratch, registry).resolve('alpine', amd64, { signal })).toEqual(first);
  expect(registry.asked).toEqual(['image library/alpine:latest']);
});

test('resolve() with pull asks the registry first, and remembers what it said', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  await resolve('alpine', amd64, { signal });
  registry.image = newer;
  expect((await resolve('alpine', amd64, { signal, pull: true })).digest).toBe(newer.descriptor.digest);
  expect((await resolve('alpine', amd64, { signal })).digest).toBe(newer.descriptor.digest);
});

test('resolve() with pull makes one request when the tag is what it was', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  const first = await resolve('alpine', amd64, { signal });
  registry.asked.length = 0;
  expect(await resolve('alpine', amd64, { signal, pull: true })).toEqual(first);
  expect(registry.asked).toEqual(['resolve library/alpine:latest']);
});

test('resolve() says when the registry was asked for a tag; not for a digest, nor for an image of the store', async () => {
  using scratch = scratchStore();
  const registry = new FakeRegistry(image);
  let nowMs = 5;
  const source = createImageSource({ store: scratch.reopen(), registry: registry.open, now: () => nowMs });
  expect((await source.resolve('alpine', amd64, { signal })).askedAtMs).toBe(5);
  nowMs = 9;
  expect((await source.resolve('alpine', amd64, { signal })).askedAtMs).toBe(5);
  expect((await source.resolve('alpine', amd64, { signal, pull: true })).askedAtMs).toBe(9);
  expect((await source.resolve('alpine', amd64, { signal })).askedAtMs).toBe(9);
  expect((await source.resolve(`alpine@${image.descriptor.digest}`, amd64, { signal })).askedAtMs).toBeUndefined();
  name(scratch, 'docker.io/library/own:1');
  expect((await source.resolve('own:1', amd64, { signal })).askedAtMs).toBeUndefined();
});

test('resolve() and fetchLayers() ask no registry when that is off, and say what is missing', async () => {
  using scratch = scratchStore();
  const registry = new FakeRegistry(image);
  const { identifier } = await sourceOf(scratch, registry).resolve('alpine', amd64, { signal });
  registry.asked.length = 0;
  const source = createImageSource({ store: scratch.reopen(), registry: registry.open, now: () => 0, offline: true });
  await expect(source.resolve('other', amd64, { signal })).rejects.toMatchObject({
    code: 'REG_OFFLINE',
    message: expect.stringContaining('`docker.io/library/other:latest` is not in the store'),
  });
  await expect(source.fetchLayers(identifier, { signal })).rejects.toMatchObject({
    code: 'REG_OFFLINE',
    message: expect.stringContaining('the store lacks layers of `docker.io/library/alpine:latest@sha256:'),
  });
  expect(registry.asked).toEqual([]);
});

test('DF-FROM-02 resolve() of a digest that the store has needs no registry, whatever the tag beside it says', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  await resolve('alpine', amd64, { signal });
  registry.image = newer;
  const pinned = await resolve(`alpine:other@${image.descriptor.digest}`, amd64, { signal, pull: true });
  expect(pinned.digest).toBe(image.descriptor.digest);
  expect(registry.asked).toHaveLength(1);
});

test('resolve() prefers the image that the store has under this name', async () => {
  using scratch = scratchStore();
  name(scratch, 'docker.io/library/app:1', newer);
  const { registry, resolve } = sourceOf(scratch);
  expect((await resolve('app:1', amd64, { signal })).digest).toBe(newer.descriptor.digest);
  expect(registry.asked).toEqual([]);
});

test('resolve() does not take an image for what its name with a digest claims', async () => {
  using scratch = scratchStore();
  const claim = `docker.io/library/app:1@${image.descriptor.digest}`;
  name(scratch, claim, newer);
  const { registry, resolve } = sourceOf(scratch);
  expect((await resolve(claim, amd64, { signal })).digest).toBe(image.descriptor.digest);
  expect(registry.asked).toHaveLength(1);
});

test('resolve() passes over a stored image that is for another platform', async () => {
  using scratch = scratchStore();
  name(scratch, 'docker.io/library/app:1', sampleImage('arm64', 'a'));
  const { registry, resolve } = sourceOf(scratch);
  expect((await resolve('app:1', amd64, { signal })).digest).toBe(image.descriptor.digest);
  expect((await resolve('app:1', arm64, { signal })).config.platform).toEqual(arm64);
  expect(registry.asked).toHaveLength(1);
});

test('DF-FROM-14 resolve() takes a lone image of another platform, says so in its config, and remembers it', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  for (const _ of [1, 2]) expect((await resolve('alpine', arm64, { signal })).config.platform).toEqual(amd64);
  name(scratch, 'docker.io/library/alpine:latest');
  expect((await resolve('alpine', arm64, { signal })).config.platform).toEqual(amd64);
  expect(registry.asked).toHaveLength(1);
});

test('resolve() asks the registry again when the store lost or damaged what it remembers', async () => {
  using scratch = scratchStore();
  const { registry, resolve } = sourceOf(scratch);
  const first = await resolve('alpine', amd64, { signal });
  rmSync(scratch.store.blobs.path(image.manifest.config.digest));
  expect(await sourceOf(scratch, registry).resolve('alpine', amd64, { signal })).toEqual(first);
  writeFileSync(scratch.store.blobs.path(image.descriptor.digest), '{}');
  expect(await sourceOf(scratch, registry).resolve('alpine', amd64, { signal })).toEqual(first);
  expect(registry.asked).toHaveLength(3);
});

test('chainOf() names the file system: neither tag nor manifest count, platform and layers do', async () => {
  using scratch = scratchStore();
  const chain = async (sample: typeof image, reference: string): Promise<string> => {
    const source = sourceOf(scratch, new FakeRegistry(sample));
    return source.chainOf((await source.resolve(reference, amd64, { signal, pull: true })).identifier);
  };
  const one = await chain(image, 'alpine');
  expect(await chain(image, 'other:1')).toBe(one);
  expect(await chain(newer, 'alpine')).not.toBe(one);
  expect(await chain(sampleImage('arm64', 'a', 'b'), 'alpine')).not.toBe(one);
});

test('fetchLayers() brings layers that the store lacks, once', async () => {
  using scratch = scratchStore();
  const { registry, ...source } = sourceOf(scratch);
  const { identifier } = await source.resolve('alpine', amd64, { signal });
  const progress: boolean[] = [];
  const [one, two] = await Promise.all([
    source.fetchLayers(identifier, { signal, onProgress: ({ done }) => void progress.push(done) }),
    source.fetchLayers(identifier, { signal }),
  ]);
  expect(two).toEqual(one);
  expect(registry.asked.filter((what) => what === 'blob')).toHaveLength(1);
  expect(progress.at(-1)).toBe(true);
  const layer = scratch.reopen().layers;
  expect(layer.index(one[0] ?? layer.newId()).entries.map((entry) => entry.path)).toEqual(['a', 'b']);
  expect(await source.fetchLayers(identifier, { signal })).toEqual(one);
  expect(scratch.ingests()).toEqual([]);
});

test('fetchLayers() of two processes downloads a layer once', async () => {
  using scratch = scratchStore();
  const registry = new FakeRegistry(image);
  const sources = [sourceOf(scratch, registry), sourceOf(scratch, registry)];
  const { identifier } = await sourceOf(scratch, registry).resolve('alpine', amd64, { signal });
  await Promise.all(sources.map((source) => source.fetchLayers(identifier, { signal })));
  expect(registry.asked.filter((what) => what === 'blob')).toHaveLength(1);
});

test('fetchLayers() refuses a layer that is not what the config names, and keeps nothing of it', async () => {
  using scratch = scratchStore();
  const blobs = new Map(image.blobs);
  blobs.set(image.layer.digest, Buffer.from('something else'));
  const source = sourceOf(scratch, new FakeRegistry({ ...image, blobs }));
  const { identifier } = await source.resolve('alpine', amd64, { signal });
  await expect(source.fetchLayers(identifier, { signal })).rejects.toMatchObject({ code: 'OCI_DIGEST_MISMATCH' });
  expect(scratch.store.layers.byDiffId(image.diffId)).toBeUndefined();
  expect(scratch.store.blobs.has(image.layer.digest)).toBe(false);
  expect(scratch.ingests()).toEqual([]);
});

const tagged = (tag: string): { annotations: Record<string, string> } => ({
  annotations: { 'org.opencontainers.image.ref.name': tag },
});

test.for<[location: string, digest: string]>([
  ['', image.descriptor.digest],
  [':latest', image.descriptor.digest],
  [':2', newer.descriptor.digest],
  [`@${newer.descriptor.digest}`, newer.descriptor.digest],
  [`:latest@${newer.descriptor.digest}`, newer.descriptor.digest],
])('CTX-21 resolveLayout() of `layout%s`', async ([location, digest]) => {
  using scratch = scratchStore();
  const layout = join(scratch.folder, 'layout');
  writeLayout(layout, [
    { image, entry: tagged('latest') },
    { image: newer, entry: tagged('app:2') },
  ]);
  const source = sourceOf(scratch);
  const resolved = await source.resolveLayout(`${layout}${location}`, amd64, { signal });
  expect(resolved).toMatchObject({ digest, identifier: `oci-layout://${layout}@${digest}` });
  expect(await source.fetchLayers(resolved.identifier, { signal })).toHaveLength(1);
  expect(scratch.store.layers.byDiffId(resolved.config.diffIds[0] ?? image.diffId)).toBeDefined();
  expect(source.registry.asked).toEqual([]);
});

test('resolveLayout() takes the only image of a layout without tags', async () => {
  using scratch = scratchStore();
  const layout = join(scratch.folder, 'layout');
  writeLayout(layout, [{ image }]);
  expect((await sourceOf(scratch).resolveLayout(layout, amd64, { signal })).digest).toBe(image.descriptor.digest);
  await expect(sourceOf(scratch).resolveLayout(`${layout}:1`, amd64, { signal })).rejects.toMatchObject({
    code: 'SOURCE_NOT_IN_LAYOUT',
  });
});

test('resolveLayout() chooses by platform, in an index and among images of one tag', async () => {
  using scratch = scratchStore();
  const other = sampleImage('arm64', 'x');
  const entries = [
    { image, entry: { platform: amd64, ...tagged('latest') } },
    { image: other, entry: { platform: arm64, ...tagged('latest') } },
  ];
  const flat = join(scratch.folder, 'flat');
  writeLayout(flat, entries);
  const bytes = printManifest({
    kind: 'index',
    mediaType: mediaTypes.ociIndex,
    manifests: entries.map((each) => ({ ...each.image.descriptor, platform: each.entry.platform })),
  });
  const nested = join(scratch.folder, 'nested');
  const index = { ...image, descriptor: descriptorOf(mediaTypes.ociIndex, bytes) };
  writeLayout(nested, [{ image: index }, { image: other, entry: tagged('spare') }], new Map([[digestOf(bytes), bytes]]));
  for (const location of [flat, `${nested}@${index.descriptor.digest}`]) {
    expect((await sourceOf(scratch).resolveLayout(location, amd64, { signal })).digest).toBe(image.descriptor.digest);
    expect((await sourceOf(scratch).resolveLayout(location, arm64, { signal })).digest).toBe(other.descriptor.digest);
    await expect(
      sourceOf(scratch).resolveLayout(location, { os: 'linux', architecture: 's390x' }, { signal }),
    ).rejects.toMatchObject({ code: 'SOURCE_NO_PLATFORM' });
  }
});

test.for<[what: string, code: string, harm: (layout: string) => void]>([
  ['without index.json', 'SOURCE_NO_LAYOUT', (layout) => rmSync(join(layout, 'index.json'))],
  ['whose index.json is no JSON', 'OCI_BAD_MANIFEST', (layout) => writeFileSync(join(layout, 'index.json'), '{')],
  ['whose index.json is null', 'OCI_BAD_MANIFEST', (layout) => writeFileSync(join(layout, 'index.json'), 'null')],
  ['without the manifest', 'SOURCE_NO_LAYOUT', (layout) => rmSync(join(layout, 'blobs/sha256', hexOf(image.descriptor.digest)))],
  [
    'without the config',
    'SOURCE_NO_LAYOUT',
    (layout) => rmSync(join(layout, 'blobs/sha256', hexOf(image.manifest.config.digest))),
  ],
  ['without the layer', 'SOURCE_NO_LAYOUT', (layout) => rmSync(join(layout, 'blobs/sha256', hexOf(image.layer.digest)))],
  [
    'with another manifest',
    'OCI_DIGEST_MISMATCH',
    (layout) => writeFileSync(join(layout, 'blobs/sha256', hexOf(image.descriptor.digest)), '{}'),
  ],
  [
    'with another config',
    'OCI_DIGEST_MISMATCH',
    (layout) => writeFileSync(join(layout, 'blobs/sha256', hexOf(image.manifest.config.digest)), '{}'),
  ],
  [
    'with another layer',
    'OCI_DIGEST_MISMATCH',
    (layout) => writeFileSync(join(layout, 'blobs/sha256', hexOf(image.layer.digest)), '{}'),
  ],
])('an OCI layout %s is refused with %s', async ([, code, harm]) => {
  using scratch = scratchStore();
  const layout = join(scratch.folder, 'layout');
  writeLayout(layout, [{ image }]);
  harm(layout);
  const source = sourceOf(scratch);
  const fetched = source
    .resolveLayout(layout, amd64, { signal })
    .then(({ identifier }) => source.fetchLayers(identifier, { signal }));
  await expect(fetched).rejects.toMatchObject({ code });
  expect(scratch.store.layers.byDiffId(image.diffId)).toBeUndefined();
});

test('resolveLayout() refuses what is no digest', async () => {
  using scratch = scratchStore();
  await expect(sourceOf(scratch).resolveLayout('/x@sha256:../../etc', amd64, { signal })).rejects.toMatchObject({
    code: 'OCI_BAD_DIGEST',
  });
});
