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
import { ensureBlob, ensureDiffId } from './layer-blob.ts';
import { inline, portsOf, scratchExport, type ScratchExport } from './samples.ts';

const entries = [dir('d'), inline('d/f', 'four'), hardlink('d/g', 'd/f'), link('l', 'd/f'), whiteout('old')];
const tar = layerTar('a', 'b');

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

test('IMG-07 ensureDiffId() writes the layer as a tar and remembers its digest', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const info = await ensureDiffId(layer, scratch.ports);
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
  expect(info.blobs).toEqual([descriptorOf(mediaTypes.ociLayer, bytes)]);
  expect(await ensureDiffId(layer, portsOf(scratch.reopen()))).toMatchObject({ diffId: info.diffId });
});

test('ensureDiffId() gives equal layers equal digests, each time anew', async () => {
  using scratch = scratchExport();
  const one = await ensureDiffId(scratch.layer('one', entries), scratch.ports);
  const two = await ensureDiffId(scratch.layer('two', entries), scratch.ports);
  const other = await ensureDiffId(scratch.layer('other', [...entries.slice(0, -1), whiteout('p')]), scratch.ports);
  expect(two.diffId).toBe(one.diffId);
  expect(other.diffId).not.toBe(one.diffId);
});

test('ensureBlob() keeps the compressed form that a layer came in', async () => {
  using scratch = scratchExport();
  const layer = await pulled(scratch);
  const came = scratch.store.layers.info(layer)?.blobs[0];
  expect(await ensureBlob(layer, 'gzip', scratch.ports)).toEqual(came);
  expect(await ensureBlob(layer, 'uncompressed', scratch.ports)).toEqual(came);
});

test('ensureBlob() compresses once what was built here, and then the plain tar is still preferred where it may be', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const plain = await ensureBlob(layer, 'uncompressed', scratch.ports);
  const packed = await ensureBlob(layer, 'gzip', scratch.ports);
  expect([plain.mediaType, packed.mediaType]).toEqual([mediaTypes.ociLayer, mediaTypes.ociLayerGzip]);
  expect(digestOf(gunzipSync(scratch.store.blobs.read(packed.digest)))).toBe(plain.digest);
  expect(await ensureBlob(layer, 'uncompressed', scratch.ports)).toEqual(plain);
  expect(await ensureBlob(layer, 'gzip', portsOf(scratch.reopen()))).toEqual(packed);
  expect(scratch.store.layers.info(layer)?.blobs).toEqual([plain, packed]);
});

test('ensureBlob() writes the tar again when its blob is gone, and gives the same', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  const first = await ensureBlob(layer, 'gzip', scratch.ports);
  for (const { digest } of scratch.store.layers.info(layer)?.blobs ?? []) rmSync(scratch.store.blobs.path(digest));
  expect(await ensureBlob(layer, 'gzip', scratch.ports)).toEqual(first);
});

test('ensureBlob() refuses a layer that no longer gives the tar it is known by', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', entries);
  scratch.store.layers.addForms(layer, { diffId: digestOf('another tar') });
  await expect(ensureBlob(layer, 'gzip', scratch.ports)).rejects.toMatchObject({ code: 'EXPORT_LAYER_CHANGED' });
});

test('ensureBlob() that fails or is stopped leaves nothing half made', async () => {
  using scratch = scratchExport();
  const broken = scratch.layer('broken', [file('gone', 'its bytes are nowhere')]);
  await expect(ensureBlob(broken, 'gzip', scratch.ports)).rejects.toMatchObject({ code: 'ROOTFS_NO_FILE' });
  const stop = new AbortController();
  stop.abort(new Error('Ctrl-C'));
  const big = scratch.layer(
    'big',
    Array.from({ length: 600 }, (_, at) => inline(`f${String(at).padStart(3, '0')}`)),
  );
  await expect(ensureBlob(big, 'gzip', { ...scratch.ports, signal: stop.signal })).rejects.toThrow('Ctrl-C');
  expect(scratch.ingests()).toEqual([]);
  expect(scratch.store.layers.info(big)?.blobs).toEqual([]);
});
