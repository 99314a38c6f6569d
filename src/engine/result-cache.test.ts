import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import type { LayerId } from '../layer/index.ts';
import { digestOf } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { Candidate } from '../solver/index.ts';
import { openStore } from '../store/index.ts';
import { createResultCache } from './result-cache.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-test-'));
afterAll(() => rmSync(root, { recursive: true }));

function snapshot(layer: string): OpResult {
  return { kind: 'snapshot', layers: [layer as LayerId] };
}

function run(input: string, result: string): Candidate<OpResult> {
  return { inputs: [{ kind: 'result', result: snapshot(input) }], results: [snapshot(result)] };
}

test('read() gives what write() was given, to another process too', () => {
  const key = digestOf('key');
  const record = { results: [snapshot('a')], parts: [{ name: 'command', value: 'make' }] };
  createResultCache(openStore(hostPath(join(root, 'one')))).write(key, record);
  expect(createResultCache(openStore(hostPath(join(root, 'one')))).read(key)).toEqual(record);
  expect(createResultCache(openStore(hostPath(join(root, 'other')))).read(key)).toBeUndefined();
});

test('candidates() gives the latest runs first, eight at most, one for each input', () => {
  const cache = createResultCache(openStore(hostPath(join(root, 'two'))));
  const op = digestOf('op');
  expect(cache.candidates(op)).toEqual([]);
  for (let at = 0; at < 10; at++) cache.addCandidate(op, run(`in ${at}`, `out ${at}`));
  cache.addCandidate(op, run('in 5', 'again'));
  const layers = cache.candidates(op).map(({ results }) => (results[0]?.kind === 'snapshot' ? results[0].layers[0] : undefined));
  expect(layers).toEqual(['again', 'out 9', 'out 8', 'out 7', 'out 6', 'out 4', 'out 3', 'out 2']);
});
