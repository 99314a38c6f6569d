import { afterEach, expect, test } from 'vitest';
import { openEngine, type Engine, type EngineJob } from '../engine/index.ts';
import type { CompiledTarget } from '../frontend/index.ts';
import { type Digest, digestOf } from '../oci/index.ts';
import type { LayerId } from '../layer/index.ts';
import { type ScratchStore, scratchStore } from '../store/scratch-store.ts';
import type { Output } from './options.ts';
import { type EarlyBlobs, startEarlyBlobs } from './early-blobs.ts';

const vertex = digestOf('a step');
const layer = 'made-by-the-step' as LayerId;
/** Called when work on a layer begins. */
let begun: () => void = () => undefined;
let scratch: ScratchStore | undefined;
let engine: Engine | undefined;
afterEach(async () => {
  await engine?.[Symbol.asyncDispose]();
  scratch?.[Symbol.dispose]();
});

/** An image of one new layer, and outputs of it. */
async function start(...outputs: readonly Output[]): Promise<EarlyBlobs> {
  scratch = scratchStore();
  engine = await openEngine({ root: scratch.store.paths.root, registryMirrors: [], insecureRegistries: [], env: {} });
  const content = { kind: 'inline', base64: 'eA==' } as const;
  const file = { type: 'file', path: 'f', mode: 0o644, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: 1, content } as const;
  engine.store.layers.commit({ id: layer, entries: [file], createdAt: '2026-01-02T03:04:05Z' });
  const history = [{ createdBy: 'RUN x', emptyLayer: false, vertex: { vertex, output: 0 } }];
  const targets = [{ image: { history } }] as unknown as readonly CompiledTarget[];
  const solve = (): Promise<unknown> => {
    begun();
    return Promise.resolve({ kind: 'snapshot', layers: [layer] });
  };
  const job = { solve } as unknown as EngineJob;
  const planned = outputs.map((output) => ({ output, target: 0 }));
  return startEarlyBlobs(planned, targets, { engine, job, signal: new AbortController().signal });
}

function formsOf(): readonly (string | undefined)[] | undefined {
  return engine?.store.layers.info(layer)?.blobs.map(({ made }) => made);
}

const done = { kind: 'step-done', step: vertex, atMs: 0 } as const;
const oci = { type: 'oci', dest: 'x' } as const;

test('a layer that an export will need is compressed once its step is done', async () => {
  await using early = await start({ ...oci, compression: 'gzip', compressionLevel: 9 });
  early.note({ ...done, step: digestOf('another step') });
  await new Promise<void>((resolve) => {
    begun = resolve;
    early.note(done);
  });
  // What began is finished before the export looks.
  await early.settle();
  early.note(done);
  expect(formsOf()).toEqual(['gzip-9']);
});

test.for<[what: string, outputs: readonly Output[]]>([
  ['an image of the local store alone', [{ type: 'image' }]],
  ['files', [{ type: 'local', dest: 'x' }]],
  ['plain tars', [{ ...oci, compression: 'uncompressed' }]],
  ['layers that get other times first', [{ ...oci, rewriteTimestamp: true }]],
])('nothing is compressed early for %s', async ([, outputs]) => {
  await using early = await start(...outputs);
  early.note(done);
  await early.settle();
  expect(formsOf()).toEqual([]);
});

test('nothing is compressed early for a step that the cache had', async () => {
  await using early = await start(oci);
  early.note({ kind: 'step-cached', step: vertex as Digest, name: 'RUN x', by: 'definition', atMs: 0 });
  early.note(done);
  await early.settle();
  expect(formsOf()).toEqual([]);
});
