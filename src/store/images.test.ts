import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LayerId } from '../layer/index.ts';
import { type Digest, digestOf, mediaTypes, parseManifest } from '../oci/index.ts';
import type { StoredImage } from './images.ts';
import { imageName } from './images.ts';
import { scratchStore, type ScratchStore } from './scratch-store.ts';

function image(content: string, name?: string): StoredImage {
  return {
    ...(name === undefined ? {} : { name: imageName(name) }),
    manifest: { mediaType: mediaTypes.ociManifest, digest: digestOf(content), size: 7 },
    configDigest: digestOf(`config of ${content}`),
    layers: ['a' as LayerId],
    storedAt: '2026-01-02T03:04:05Z',
  };
}

/** What index.json says: digest, full name, short name. */
function layoutOf({ store }: ScratchStore): [Digest, string | undefined, string | undefined][] {
  const index = parseManifest(readFileSync(`${store.paths.root}/index.json`));
  if (index.kind !== 'index') throw new Error('not an index');
  return index.manifests.map(({ digest, annotations }) => [
    digest,
    annotations?.['io.containerd.image.name'],
    annotations?.['org.opencontainers.image.ref.name'],
  ]);
}

test('get() finds an image by the full form of its name', () => {
  using scratch = scratchStore();
  const { images } = scratch.store;
  images.put(image('one', 'app'));
  expect(images.get('docker.io/library/app:latest')).toEqual(image('one', 'app'));
  expect(images.get('docker.io/library/app:1')).toBeUndefined();
  expect(images.byManifest(digestOf('one'))?.name).toBe('docker.io/library/app:latest');
});

test('put() takes the name from the image that had it', () => {
  using scratch = scratchStore();
  const { images } = scratch.store;
  images.put(image('one', 'app'));
  images.put(image('two', 'app'));
  expect(images.list()).toEqual([image('two', 'app')]);
  expect(images.byManifest(digestOf('one'))).toBeUndefined();
});

test('put() keeps images without a name apart', () => {
  using scratch = scratchStore();
  const { images } = scratch.store;
  images.put(image('one'));
  images.put(image('two'));
  images.put(image('two'));
  expect(
    images
      .list()
      .map(({ manifest }) => manifest.digest)
      .toSorted(),
  ).toEqual([digestOf('one'), digestOf('two')].toSorted());
  images.remove(image('one'));
  images.remove(image('one'));
  expect(images.list()).toEqual([image('two')]);
});

test('put() of the very same image writes nothing', () => {
  using scratch = scratchStore();
  const { images, paths } = scratch.store;
  images.put(image('one', 'app'));
  const before = statSync(`${paths.root}/index.json`).ino;
  images.put({ ...image('one', 'app'), storedAt: '2027-01-01T00:00:00Z' });
  expect(statSync(`${paths.root}/index.json`).ino).toBe(before);
});

test('put() of an image whose layers were brought again names the new ones', () => {
  using scratch = scratchStore();
  const { images } = scratch.store;
  images.put(image('one', 'app'));
  images.put({ ...image('one', 'app'), layers: ['b' as LayerId] });
  expect(images.list()[0]?.layers).toEqual(['b']);
});

test('the store is an OCI layout that names its images', () => {
  using scratch = scratchStore();
  const { images, paths } = scratch.store;
  images.put(image('one', 'app:1'));
  images.put(image('one', 'host.example:5000/team/app:1'));
  images.put(image('two'));
  expect(JSON.parse(readFileSync(`${paths.root}/oci-layout`, 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
  expect(layoutOf(scratch).toSorted()).toEqual(
    [
      [digestOf('one'), 'docker.io/library/app:1', 'app:1'],
      [digestOf('one'), 'host.example:5000/team/app:1', 'host.example:5000/team/app:1'],
      [digestOf('two'), undefined, undefined],
    ].toSorted(),
  );
  images.remove(image('one', 'app:1'));
  expect(layoutOf(scratch)).toHaveLength(2);
});

test('put() writes an index that holds what another process recorded meanwhile', () => {
  using scratch = scratchStore();
  const { images, records } = scratch.store;
  const { list } = images;
  const other = scratch.reopen();
  let isFirst = true;
  // The other process comes between this one's look at the records and its writing.
  images.list = () => {
    const seen = list();
    if (isFirst) other.images.put(image('two', 'other'));
    isFirst = false;
    return seen;
  };
  images.put(image('one', 'app'));
  expect(records.list('image')).toHaveLength(2);
  expect(layoutOf(scratch)).toHaveLength(2);
});
