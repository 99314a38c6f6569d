import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Entry, LayerId } from '../layer/index.ts';
import { dir, file } from '../layer/samples.ts';
import { descriptorOf, digestOf, mediaTypes } from '../oci/index.ts';
import { createIngest } from './ingest.ts';
import { createLayers, layerIdOfDiff, type NewLayer } from './layers.ts';
import { scratchStore } from './scratch-store.ts';

const id = 'layer' as LayerId;
const entries: readonly Entry[] = [
  dir('d'),
  { ...file('d/f', 'four'), content: { kind: 'layer', layer: 'lower' as LayerId, path: 'x' } },
  file('g', 'sixsix'),
];
const plain: NewLayer = { id, entries, createdAt: '2026-01-02T03:04:05Z' };

test('commit() makes the layer known, to other processes too', () => {
  using scratch = scratchStore();
  const made = scratch.store.layers.commit({
    ...plain,
    diffId: digestOf('tar'),
    blobs: [descriptorOf(mediaTypes.ociLayer, Buffer.from('tar'))],
  });
  expect(made).toMatchObject({ sizeBytes: 10, refs: ['lower'] });
  const { layers } = scratch.reopen();
  expect(layers.info(id)).toEqual(made);
  expect(layers.index(id)).toEqual({ id, entries });
  expect(layers.byDiffId(digestOf('tar'))).toBe(id);
  expect(layers.byDiffId(digestOf('other'))).toBeUndefined();
});

test('commit() writes the record that names the layer after directory and index', () => {
  using scratch = scratchStore();
  const { paths, records } = scratch.store;
  using ingest = createIngest(paths);
  mkdirSync(ingest.child('u'));
  writeFileSync(join(ingest.child('u'), 'g'), 'sixsix');
  const steps: string[] = [];
  const layers = createLayers(paths, {
    ...records,
    write(kind, key, value) {
      steps.push(kind);
      if (kind === 'layer')
        expect([existsSync(paths.layerIndex(id)), existsSync(join(paths.layerDirectory(id), 'g'))]).toEqual([true, true]);
      records.write(kind, key, value);
    },
  });
  layers.commit({ ...plain, directory: ingest.child('u'), diffId: digestOf('tar') });
  expect(steps).toEqual(['layer', 'diff']);
  expect(layers.hasDirectory(id)).toBe(true);
});

test('commit() that dies before its record leaves no layer', () => {
  using scratch = scratchStore();
  const { paths, records } = scratch.store;
  const dying = createLayers(paths, {
    ...records,
    write: () => {
      throw new Error('killed');
    },
  });
  expect(() => dying.commit(plain)).toThrow('killed');
  expect(scratch.reopen().layers.info(id)).toBeUndefined();
  scratch.reopen().layers.commit(plain);
  expect(scratch.reopen().layers.info(id)?.sizeBytes).toBe(10);
});

test('addDirectory() by two at once keeps the first', () => {
  using scratch = scratchStore();
  const { layers, paths } = scratch.store;
  using ingest = createIngest(paths);
  for (const name of ['one', 'two']) {
    mkdirSync(ingest.child(name));
    writeFileSync(join(ingest.child(name), 'f'), name);
  }
  layers.addDirectory(id, ingest.child('one'));
  layers.addDirectory(id, ingest.child('two'));
  expect(readFileSync(join(paths.layerDirectory(id), 'f'), 'utf8')).toBe('one');
  expect(() => layers.addDirectory('other' as LayerId, ingest.child('three'))).toThrow('ENOENT');
});

test('addForms() keeps the forms that another process added meanwhile', () => {
  using scratch = scratchStore();
  const { layers } = scratch.store;
  layers.commit(plain);
  const blob = descriptorOf(mediaTypes.ociLayerGzip, Buffer.from('gzip'));
  scratch.reopen().layers.addForms(id, { diffId: digestOf('tar'), blob });
  const made = layers.addForms(id, { contentDigest: digestOf('content') });
  expect(made).toMatchObject({ diffId: digestOf('tar'), contentDigest: digestOf('content'), blobs: [blob] });
  expect(layers.addForms(id, { blob }).blobs).toEqual([blob]);
  expect(scratch.reopen().layers.byDiffId(digestOf('tar'))).toBe(id);
});

test('index() forgets a layer whose index is damaged, so that it is made again', () => {
  using scratch = scratchStore();
  scratch.store.layers.commit({ ...plain, diffId: digestOf('tar') });
  const path = scratch.store.paths.layerIndex(id);
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const { layers } = scratch.reopen();
  expect(() => layers.index(id)).toThrow(expect.objectContaining({ code: 'LAYER_BAD_INDEX' }));
  expect(layers.info(id)).toBeUndefined();
  expect(layers.byDiffId(digestOf('tar'))).toBeUndefined();
  layers.commit(plain);
  expect(scratch.reopen().layers.index(id).entries).toEqual(entries);
});

test('index() and addForms() of a layer that is gone say so', () => {
  using scratch = scratchStore();
  scratch.store.layers.commit(plain);
  rmSync(scratch.store.paths.layerIndex(id));
  const { layers } = scratch.reopen();
  expect(() => layers.index(id)).toThrow(expect.objectContaining({ code: 'STORE_LAYER_MISSING' }));
  expect(() => layers.addForms('nothing' as LayerId, {})).toThrow(expect.objectContaining({ code: 'STORE_LAYER_MISSING' }));
});

test('newId() and layerIdOfDiff() give names of one form', () => {
  using scratch = scratchStore();
  const { layers } = scratch.store;
  expect(layers.newId()).toMatch(/^[0-9a-f]{32}$/);
  expect(layers.newId()).not.toBe(layers.newId());
  expect(layerIdOfDiff(digestOf('a'))).toMatch(/^[0-9a-f]{32}$/);
  expect(layerIdOfDiff(digestOf('a'))).not.toBe(layerIdOfDiff(digestOf('b')));
});
