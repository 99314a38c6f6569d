import { expect, test } from 'vitest';
import { dir, hardlink, link, whiteout } from '../layer/samples.ts';
import { parseAll } from '../tar/samples.ts';
import { ensureBlob } from './layer-blob.ts';
import { inline, scratchExport } from './samples.ts';
import { clampLayer } from './times.ts';

test('clampLayer() gives a layer without later times, which has the same files', async () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', [
    dir('d', { mtimeSec: 2000 }),
    inline('d/early', 'a', { mtimeSec: 10 }),
    inline('d/late', 'bb', { mtimeSec: 5000 }),
    hardlink('d/same', 'd/late'),
    link('l', 'd', { mtimeSec: 1001 }),
    whiteout('w'),
  ]);
  const clamped = clampLayer(layer, 1000, scratch.store);
  expect(clamped).not.toBe(layer);
  expect(clampLayer(layer, 1000, scratch.store)).toBe(clamped);
  const { info } = await ensureBlob(clamped, { type: 'uncompressed' }, scratch.ports);
  const { members, contents } = parseAll(scratch.store.blobs.read(info.diffId));
  expect(members.map(({ name, mtimeSec }) => [name, mtimeSec])).toEqual([
    ['d/', 1000],
    ['d/early', 10],
    ['d/late', 1000],
    ['d/same', 1000],
    ['l', 1000],
    ['.wh.w', 0],
  ]);
  expect(contents.map(String)).toEqual(expect.arrayContaining(['a', 'bb']));
  expect(info.createdAt).toBe('1970-01-01T00:16:40Z');
});

test('clampLayer() gives the layer itself where nothing is later', () => {
  using scratch = scratchExport();
  const layer = scratch.layer('one', [inline('f', 'x', { mtimeSec: 1000 })]);
  expect(clampLayer(layer, 1000, scratch.store)).toBe(layer);
});
