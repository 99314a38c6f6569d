import { expect, test } from 'vitest';
import type { LayerId } from '../layer/index.ts';
import { type Digest, digestOf, type HistoryEntry, type ImageConfig } from '../oci/index.ts';
import type { LayerInfo } from '../store/index.ts';
import { assembleImageConfig } from './image-config.ts';

const now = 'now';

function base(history: readonly HistoryEntry[], layerCount: number): ImageConfig {
  const diffIds = Array.from({ length: layerCount }, (_, at): Digest => digestOf(`base ${at}`));
  return { platform: { os: 'linux', architecture: 'amd64' }, config: { Env: ['A=1'] }, diffIds, history, unknown: { x: 1 } };
}

function layer(createdAt: string): LayerInfo {
  return { id: createdAt as LayerId, diffId: digestOf(createdAt), blobs: [], createdAt, sizeBytes: 0, refs: [] };
}

/** `L`: a line with a layer, `-`: one without. */
function lines(text: string): { createdBy: string; comment: string; emptyLayer: boolean }[] {
  return [...text].map((kind, at) => ({ createdBy: `${at}`, comment: 'c', emptyLayer: kind === '-' }));
}

const old: HistoryEntry[] = [
  { created: 't0', created_by: 'base' },
  { created: 't1', created_by: 'base', empty_layer: true },
];

test.for<
  [what: string, base: HistoryEntry[], added: string, layerTimes: string[], times: (string | undefined)[], created: string]
>([
  ["a line with a layer has that layer's time", old, 'LL', ['t5', 't6'], ['t5', 't6'], 't6'],
  ['a line without one takes that of the layer before it', old, 'L-L-', ['t5', 't6'], ['t5', 't5', 't6', 't6'], 't6'],
  ['before the first new layer, that of the first', old, '--L', ['t5'], ['t5', 't5', 't5'], 't5'],
  ['without new layers, that of the last layer of the base', old, '--', [], ['t0', 't0'], 't0'],
  ['of a base whose last layer has no time, that of the one before', [{ created: 't0' }, {}], '-', [], ['t0'], 't0'],
  ['of a base without layers, that of its last line', [{ created: 't1', empty_layer: true }], '-', [], ['t1'], 't1'],
  ['nothing at all', [], '-', [], [undefined], now],
  ['no new line', old, '', [], [], 't1'],
  ['no line at all', [], '', [], [], now],
])('IMG-04 assembleImageConfig() times: %s', ([, history, added, layerTimes, times, created]) => {
  const baseLayers = history.filter((entry) => entry.empty_layer !== true).length;
  const config = assembleImageConfig({
    base: base(history, baseLayers),
    history: lines(added),
    layers: layerTimes.map(layer),
    now,
  });
  expect(config.history.slice(0, history.length)).toEqual(history);
  expect(config.history.slice(history.length).map((entry) => entry.created)).toEqual(times);
  expect(config.created).toBe(created);
});

test('IMG-01 assembleImageConfig() marks the lines without a layer, and keeps everything else of the base', () => {
  const from = base(old, 1);
  const config = assembleImageConfig({ base: from, history: lines('-L'), layers: [layer('t5')], now });
  expect(config).toEqual({
    ...from,
    created: 't5',
    diffIds: [digestOf('base 0'), digestOf('t5')],
    history: [
      ...old,
      { created: 't5', created_by: '0', comment: 'c', empty_layer: true },
      { created: 't5', created_by: '1', comment: 'c' },
    ],
  });
});

test.for<[what: string, base: string, baseLayers: number, kinds: string]>([
  ['a base that says nothing of its layers', '', 2, 'LLL'],
  ['a base with too few lines', 'L', 3, 'LLLL'],
  ['a base with too many lines', 'LLL', 1, 'LL--'],
  ['a base with too many lines, some of them empty', '-L-L', 1, '-L-L-'],
])('assembleImageConfig() gives as many lines with a layer as there are layers: %s', ([, text, baseLayers, kinds]) => {
  const history = [...text].map((kind): HistoryEntry => ({ created: 't0', ...(kind === '-' ? { empty_layer: true } : {}) }));
  const config = assembleImageConfig({ base: base(history, baseLayers), history: lines('L'), layers: [layer('t5')], now });
  expect(config.history.map((entry) => (entry.empty_layer === true ? '-' : 'L')).join('')).toBe(kinds);
  expect(config.history.filter((entry) => entry.empty_layer !== true)).toHaveLength(config.diffIds.length);
  expect(config.history.every((entry) => entry.created !== undefined)).toBe(true);
});
