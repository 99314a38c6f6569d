import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { descriptorOf, digestOf, mediaTypes } from '../oci/index.ts';
import { chunksOf, scratchStore } from '../store/scratch-store.ts';
import { ingestLayer } from './ingest-layer.ts';
import { ingestTar } from './ingest-tar.ts';
import { layerTar } from './samples.ts';

const { signal } = new AbortController();
const tar = layerTar('a', 'd/b');
const packed = gzipSync(tar);
const zstd = execFileSync('zstd', ['-c'], { input: tar });
const createdAt = '2026-01-02T03:04:05Z';

/** The chunks, and whether the source was ended. */
function watched(...chunks: readonly (string | Uint8Array)[]): {
  readonly source: AsyncIterable<Uint8Array>;
  readonly isEnded: () => boolean;
} {
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(...chunks);
    } finally {
      ended = true;
    }
  }
  return { source: source(), isEnded: () => ended };
}

test.for<[string, Uint8Array[], string]>([
  ['a tar', [tar], mediaTypes.ociLayer],
  ['a gzip tar', [packed], mediaTypes.ociLayerGzip],
  [
    'a gzip tar that comes byte by byte at first',
    [packed.subarray(0, 1), packed.subarray(1, 2), packed.subarray(2)],
    mediaTypes.ociLayerGzip,
  ],
  ['a zstd tar', [zstd], mediaTypes.ociLayerZstd],
  ['a tar with bytes behind its end', [tar, Buffer.alloc(2048)], mediaTypes.ociLayer],
])('ingestTar() of %s keeps its bytes as they came', async ([, chunks, mediaType]) => {
  using scratch = scratchStore();
  const { source, isEnded } = watched(...chunks);
  const { layer, blob, diffId } = await ingestTar(scratch.store, { source, createdAt, signal });
  expect(blob).toEqual(descriptorOf(mediaType, Buffer.concat(chunks)));
  expect(scratch.store.layers.info(layer)).toMatchObject({ diffId, blobs: [blob], createdAt });
  expect(scratch.store.layers.index(layer).entries.map(({ path }) => path)).toEqual(['a', 'd/b']);
  expect(isEnded()).toBe(true);
});

test.for(['bzip2', 'xz'])('ingestTar() keeps a tar of %s uncompressed: layers have no such type', async (program) => {
  using scratch = scratchStore();
  const { source, isEnded } = watched(execFileSync(program, ['-c'], { input: tar }));
  const { blob, diffId } = await ingestTar(scratch.store, { source, createdAt, signal });
  expect(blob).toEqual(descriptorOf(mediaTypes.ociLayer, tar));
  expect(diffId).toBe(digestOf(tar));
  expect(isEnded()).toBe(true);
});

test.for<[string, string, (string | Uint8Array)[]]>([
  ['nothing', 'SOURCE_EMPTY', []],
  ['a tar that was cut off', 'TAR_TRUNCATED', [tar.subarray(0, 700)]],
  ['damaged bzip2 data', 'TAR_BAD_COMPRESSION', ['BZh91AY', 'more']],
  ['damaged gzip data', 'TAR_BAD_COMPRESSION', [packed.subarray(0, 60), 'damaged, damaged, damaged']],
])('ingestTar() of %s ends its source and leaves nothing', async ([, code, chunks]) => {
  using scratch = scratchStore();
  const { source, isEnded } = watched(...chunks);
  await expect(ingestTar(scratch.store, { source, createdAt, signal })).rejects.toMatchObject({ code });
  expect(isEnded()).toBe(true);
  expect(scratch.ingests()).toEqual([]);
  expect(scratch.store.records.list('layer')).toEqual([]);
});

test('ingestTar() of a layer that the store has adds one more form of it', async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const descriptor = descriptorOf(mediaTypes.ociLayerGzip, packed);
  const id = await ingestLayer(store, { descriptor, diffId: digestOf(tar), createdAt, source: () => chunksOf(packed), signal });
  const { layer, blob } = await ingestTar(store, { source: chunksOf(tar), createdAt, signal });
  expect(layer).toBe(id);
  expect(store.layers.info(id)?.blobs).toEqual([descriptor, blob]);
});
