import { rmSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { LayerId } from '../layer/index.ts';
import { dir, file, hardlink, link, whiteout } from '../layer/samples.ts';
import { descriptorOf, digestOf, mediaTypes } from '../oci/index.ts';
import { chunksOf } from '../store/scratch-store.ts';
import { ingestLayer } from '../source/index.ts';
import { layerTar } from '../source/samples.ts';
import { parseAll } from '../tar/samples.ts';
import type { Descriptor } from '../oci/index.ts';
import type { LayerCompression } from './compression.ts';
import { type BlobPorts, ensureBlob } from './layer-blob.ts';
import { inline, portsOf, scratchExport, type ScratchExport } from './samples.ts';

const entries = [dir('d'), inline('d/f', 'four'), hardlink('d/g', 'd/f'), link('l', 'd/f'), whiteout('old')];
/** Not as the writer here would write it. */
const tar = Buffer.concat([layerTar('a', 'b'), Buffer.alloc(1024)]);

/** Bring a layer as a pull does. */
async function pulled({ store }: ScratchExport): Promise<LayerId> {
  const descriptor = descriptorOf(mediaTypes.dockerLayerGzip, gzipSync(tar));
  const { signal } = new AbortController();
  return await ingestLayer(store, {
    descriptor,
    diffId: digestOf(tar),
    createdAt: '',
    source: () => chunksOf(gzipSync(tar)),
    signal,
  });
}

const gzip: LayerCompression = { type: 'gzip' };
const plain: LayerCompression = { type: 'uncompressed' };
const zstd: LayerCompression = { type: 'zstd' };

async function blobOf(layer: LayerId, wanted: LayerCompression, ports: BlobPorts): Promise<Descriptor> {
  return (await ensureBlob(layer, wanted, ports)).blob;
}

test('IMG-07 ensureBlob() writes the layer as a tar and remembers its digest', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const { blob, info } = await ensureBlob(layer, plain, scratch.ports);
  const bytes = scratch.store.blobs.read(info.diffId);
  const { members, contents } = parseAll(bytes);
  expect(members.map(({ name, type }) => [name, type])).toEqual([
    ['d/', 'dir'],
    ['d/f', 'file'],
    ['d/g', 'hardlink'],
    ['l', 'symlink'],
    ['.wh.old', 'file'],
  ]);
  expect(contents.map(String)).toContain('four');
  expect(blob).toEqual(descriptorOf(mediaTypes.ociLayer, bytes));
  expect((await ensureBlob(layer, plain, portsOf(scratch.reopen()))).info.diffId).toBe(info.diffId);
});

test('ensureBlob() gives equal layers equal digests, each time anew', async () => {
  using scratch = scratchExport();
  const one = await blobOf(scratch.layer('one', entries), plain, scratch.ports);
  const two = await blobOf(scratch.layer('two', entries), plain, scratch.ports);
  const other = await blobOf(scratch.layer('other', [...entries.slice(0, -1), whiteout('p')]), plain, scratch.ports);
  expect(two.digest).toBe(one.digest);
  expect(other.digest).not.toBe(one.digest);
});

test('ensureBlob() passes on what came, byte for byte, unless another compression is forced', async () => {
  using scratch = scratchExport();
  const layer = await pulled(scratch);
  const came = scratch.store.layers.info(layer)?.blobs[0];
  for (const wanted of [gzip, plain, zstd, { ...gzip, level: 9 }, { ...gzip, level: 9, force: true }])
    expect(await blobOf(layer, wanted, scratch.ports)).toEqual(came);
  const forced = await ensureBlob(layer, { ...zstd, force: true }, scratch.ports);
  expect(forced.blob.mediaType).toBe(mediaTypes.ociLayerZstd);
  expect(forced.info.diffId).toBe(digestOf(tar));
  expect((await blobOf(layer, { ...plain, force: true }, scratch.ports)).digest).toBe(digestOf(tar));
  expect(await blobOf(layer, gzip, scratch.ports)).toEqual(came);
});

test('ensureBlob() makes each form once, and keeps no tar that nobody asked for', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const packed = await ensureBlob(layer, gzip, scratch.ports);
  expect(packed.blob.mediaType).toBe(mediaTypes.ociLayerGzip);
  expect(digestOf(gunzipSync(scratch.store.blobs.read(packed.blob.digest)))).toBe(packed.info.diffId);
  expect(scratch.store.blobs.has(packed.info.diffId)).toBe(false);
  const forms = [gzip, plain, { ...gzip, level: 1 }, zstd, { ...zstd, level: 19 }];
  const blobs = [];
  for (const form of forms) blobs.push(await blobOf(layer, form, scratch.ports));
  expect(new Set(blobs.map(({ digest }) => digest)).size).toBe(forms.length);
  expect(String(scratch.store.blobs.read(blobs[4]?.digest ?? packed.info.diffId).subarray(0, 8))).toBe('zstd-19 ');
  const reopened = portsOf(scratch.reopen());
  for (const [at, form] of forms.entries()) expect(await blobOf(layer, form, reopened)).toMatchObject({ ...blobs[at] });
  expect(await blobOf(layer, { ...gzip, level: 5 }, reopened)).toMatchObject({ ...blobs[0] });
  expect(scratch.store.layers.info(layer)?.blobs).toHaveLength(forms.length);
});

test('ensureBlob() writes the tar again when its blob is gone, and gives the same', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const first = await blobOf(layer, gzip, scratch.ports);
  for (const { digest } of scratch.store.layers.info(layer)?.blobs ?? []) rmSync(scratch.store.blobs.path(digest));
  expect(await blobOf(layer, gzip, scratch.ports)).toEqual(first);
});

test('ensureBlob() refuses a layer that no longer gives the tar it is known by', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  scratch.store.layers.addForms(layer, { diffId: digestOf('another tar') });
  for (const wanted of [gzip, plain])
    await expect(ensureBlob(layer, wanted, scratch.ports)).rejects.toMatchObject({ code: 'EXPORT_LAYER_CHANGED' });
});

test('ensureBlob() that fails or is stopped leaves nothing half made', async () => {
  using scratch = scratchExport();
  const broken = scratch.layer('broken', [file('gone', 'its bytes are nowhere')]);
  await expect(ensureBlob(broken, gzip, scratch.ports)).rejects.toMatchObject({ code: 'ROOTFS_NO_FILE' });
  const stop = new AbortController();
  stop.abort(new Error('Ctrl-C'));
  const big = scratch.layer(
    'big',
    Array.from({ length: 600 }, (_, at) => inline(`f${String(at).padStart(3, '0')}`)),
  );
  await expect(ensureBlob(big, gzip, { ...scratch.ports, signal: stop.signal })).rejects.toThrow('Ctrl-C');
  expect(scratch.ingests()).toEqual([]);
  expect(scratch.store.layers.info(big)?.blobs).toEqual([]);
});
