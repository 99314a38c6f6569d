import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Digest, descriptorOf, digestOf, mediaTypes } from '../oci/index.ts';
import { chunksOf, scratchStore } from '../store/scratch-store.ts';
import { tarOf } from '../tar/samples.ts';
import { ingestLayer, type LayerToIngest } from './ingest-layer.ts';
import { layerTar } from './samples.ts';

const { signal } = new AbortController();
const tar = layerTar('a', 'd/b');
const createdAt = '2026-01-02T03:04:05Z';

/** A layer of these bytes, which come in pieces. */
function layerOf(bytes: Uint8Array, more: Partial<LayerToIngest> & { readonly mediaType?: string } = {}): LayerToIngest {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 1000) pieces.push(bytes.subarray(at, at + 1000));
  const descriptor = descriptorOf(more.mediaType ?? mediaTypes.ociLayerGzip, bytes);
  return { descriptor, diffId: digestOf(tar), createdAt, source: () => chunksOf(...pieces), signal, ...more };
}

test.for<[mediaType: string, bytes: Buffer]>([
  [mediaTypes.ociLayerGzip, gzipSync(tar)],
  [mediaTypes.dockerLayerGzip, gzipSync(tar)],
  [mediaTypes.ociLayer, tar],
  [mediaTypes.ociLayerZstd, execFileSync('zstd', ['-c'], { input: tar })],
  [mediaTypes.dockerLayerZstd, execFileSync('zstd', ['-c', '-19'], { input: tar })],
])('ingestLayer() stores and indexes a layer of the type %s', async ([mediaType, bytes]) => {
  using scratch = scratchStore();
  const layer = layerOf(bytes, { mediaType });
  const id = await ingestLayer(scratch.store, layer);
  const { layers, blobs } = scratch.reopen();
  expect(layers.info(id)).toMatchObject({ diffId: digestOf(tar), blobs: [layer.descriptor], createdAt, sizeBytes: 6000 });
  expect(layers.index(id).entries.map(({ path }) => path)).toEqual(['a', 'd/b']);
  expect(digestOf(blobs.read(layer.descriptor.digest))).toBe(layer.descriptor.digest);
  expect(layers.hasDirectory(id)).toBe(false);
  expect(scratch.ingests()).toEqual([]);
});

test('ingestLayer() of a blob that the store has does not ask for it', async () => {
  using scratch = scratchStore();
  const bytes = gzipSync(tar);
  scratch.store.blobs.put('', bytes);
  const source = (): never => {
    throw new Error('asked');
  };
  await ingestLayer(scratch.store, layerOf(bytes, { source }));
});

test('ingestLayer() waits for a slow reader and passes all bytes of a big layer', async () => {
  using scratch = scratchStore();
  const files = [1, 2, 3].map((at) => ({
    type: 'file' as const,
    path: `f${at}`,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeSec: 0,
    sizeBytes: 5 << 20,
  }));
  const big = tarOf(files);
  const id = await ingestLayer(scratch.store, { ...layerOf(gzipSync(big, { level: 0 })), diffId: digestOf(big) });
  expect(scratch.store.layers.info(id)?.sizeBytes).toBe(15 << 20);
});

const packed = gzipSync(tar);
const noise = randomBytes(50_000);
const escaping = Buffer.from(tar);
escaping.write('../a', 0);
escaping.write('\0'.repeat(96), 4);
let sum = 0;
for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 32 : (escaping[at] ?? 0);
escaping.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');

test.for<[what: string, code: string, layer: LayerToIngest]>([
  ['another diff ID', 'OCI_DIFF_ID_MISMATCH', layerOf(packed, { diffId: digestOf('other') })],
  ['other bytes', 'OCI_DIGEST_MISMATCH', { ...layerOf(packed), source: () => chunksOf(gzipSync(layerTar('x'))) }],
  [
    'bytes that are no gzip data at all',
    'OCI_DIGEST_MISMATCH',
    { ...layerOf(packed), source: () => chunksOf('<html>', packed.subarray(6)) },
  ],
  ['fewer bytes', 'OCI_DIGEST_MISMATCH', { ...layerOf(packed), source: () => chunksOf(packed.subarray(0, -20)) }],
  ['more bytes', 'OCI_DIGEST_MISMATCH', { ...layerOf(packed), source: () => chunksOf(packed, 'more') }],
  ['gzip data that was cut off before it was pushed', 'TAR_BAD_COMPRESSION', layerOf(packed.subarray(0, -20))],
  ['noise', 'TAR_BAD_COMPRESSION', layerOf(noise)],
  ['noise that is called a tar', 'TAR_BAD_HEADER', layerOf(noise, { mediaType: mediaTypes.ociLayer, diffId: digestOf(noise) })],
  [
    'a tar that was cut off',
    'TAR_TRUNCATED',
    layerOf(tar.subarray(0, 700), { mediaType: mediaTypes.ociLayer, diffId: digestOf(tar.subarray(0, 700)) }),
  ],
  [
    'a name that climbs out',
    'TAR_UNSAFE_NAME',
    layerOf(escaping, { mediaType: mediaTypes.ociLayer, diffId: digestOf(escaping) }),
  ],
  ['a media type of something else', 'SOURCE_BAD_LAYER_TYPE', layerOf(packed, { mediaType: 'application/vnd.example.chart' })],
])('ingestLayer() refuses %s: %s', async ([, code, layer]) => {
  using scratch = scratchStore();
  await expect(ingestLayer(scratch.store, layer)).rejects.toMatchObject({ code, class: 'registry' });
  expect(scratch.store.layers.byDiffId(layer.diffId)).toBeUndefined();
  if (code === 'OCI_DIGEST_MISMATCH') expect(scratch.store.blobs.has(layer.descriptor.digest)).toBe(false);
  expect(scratch.ingests()).toEqual([]);
});

test('ingestLayer() names the layer that cannot be read', async () => {
  using scratch = scratchStore();
  const layer = layerOf(noise);
  await expect(ingestLayer(scratch.store, layer)).rejects.toThrow(`layer \`${layer.descriptor.digest}\`: `);
});

test.for<[string, (stop: AbortController) => AsyncGenerator<Uint8Array>]>([
  [
    'fails',
    async function* () {
      yield packed.subarray(0, 50);
      throw new Error('gone');
    },
  ],
  [
    'is stopped',
    async function* (stop) {
      yield packed.subarray(0, 50);
      stop.abort(new Error('gone'));
      yield packed.subarray(50);
    },
  ],
])('ingestLayer() leaves nothing when its source %s', async ([, make]) => {
  using scratch = scratchStore();
  const stop = new AbortController();
  const layer = { ...layerOf(packed), source: () => make(stop), signal: stop.signal };
  await expect(ingestLayer(scratch.store, layer)).rejects.toThrow('gone');
  expect(scratch.store.layers.byDiffId(digestOf(tar) as Digest)).toBeUndefined();
  expect(scratch.ingests()).toEqual([]);
});
