import { appendFileSync, chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LayerId } from '../layer/index.ts';
import { type SampleStore, sampleStore } from './sample-store.ts';
import { openStore } from './store.ts';
import { verifyStore } from './verify.ts';

const { signal } = new AbortController();

interface Whole {
  readonly sample: SampleStore;
  readonly places: Readonly<Record<'base' | 'step' | 'manifest' | 'key' | 'candidate' | 'tagged' | 'blob', string>>;
}

/** A store with one of everything. */
function wholeStore(): Whole {
  const sample = sampleStore();
  const { paths } = sample.store;
  const base = sample.pulled('base');
  const step = sample.layer('step', { refs: [base.id] });
  const key = sample.key('make', [base.id, step]);
  const candidate = sample.candidate('op', [{ input: [base.id], result: [step] }]);
  const manifest = sample.image('docker.io/library/app:1', [base.id, step]);
  const tagged = sample.tag('docker.io/library/base:1', [base.diffId]);
  sample.mount('m');
  return {
    sample,
    places: {
      base: base.id,
      step,
      manifest: paths.blob(manifest),
      tagged: paths.blob(tagged),
      key: paths.record('key', key),
      candidate: paths.record('candidate', candidate),
      blob: paths.blob(base.diffId),
    },
  };
}

test('verifyStore() finds nothing in a whole store', async () => {
  using sample = wholeStore().sample;
  expect(await verifyStore(sample.store, { signal })).toEqual([]);
});

/** The file that the directory form of the step has. */
function ownFile({ sample, places }: Whole): string {
  return join(sample.store.paths.layerDirectory(places.step as LayerId), 'own');
}

type Damage = (whole: Whole) => void;

const damages: readonly (readonly [name: string, damage: Damage, says: RegExp])[] = [
  ['a record with another byte', ({ places }) => appendFileSync(places.key, ' '), /records\/key\/.*checksum/],
  ['a record that is empty', ({ places }) => writeFileSync(places.candidate, ''), /records\/candidate\/.*checksum/],
  ['a blob with another byte', ({ places }) => appendFileSync(places.blob, 'x'), /blobs\/sha256\/.*digest/],
  ['a blob that is gone', ({ places }) => rmSync(places.blob), /records\/layer\/.*blob/],
  ['a manifest that is gone', ({ places }) => rmSync(places.manifest), /records\/image\/.*manifest/],
  ['a manifest of a tag that is gone', ({ places }) => rmSync(places.tagged), /records\/resolved\/.*manifest/],
  [
    'a name in the place of a digest',
    ({ sample }) => writeFileSync(`${sample.store.paths.root}/blobs/sha256/name`, ''),
    /not named by a digest/,
  ],
  [
    'a layer that is gone',
    ({ sample, places }) => sample.store.records.remove('layer', places.step),
    /records\/(key|image|candidate)\/.*layer/,
  ],
  [
    'a layer below a graft that is gone',
    ({ sample, places }) => sample.store.records.remove('layer', places.base),
    /draws bytes/,
  ],
  [
    'a layer without its index',
    ({ sample, places }) => rmSync(sample.store.paths.layerIndex(places.step as LayerId)),
    /index\/.*not there/,
  ],
  [
    'an index that is cut off',
    ({ sample, places }) => writeFileSync(sample.store.paths.layerIndex(places.step as LayerId), 'x'),
    /index\/.*cannot be read/,
  ],
  [
    'a layer without any form',
    ({ sample, places }) => rmSync(sample.store.paths.layerHome(places.step as LayerId), { recursive: true }),
    /neither a directory nor a blob/,
  ],
  ['a file of a directory that is gone', (whole) => rmSync(ownFile(whole)), /layers\/.*\/own: it is gone/],
  [
    'a file of a directory with more bytes',
    (whole) => appendFileSync(ownFile(whole), 'x'),
    /layers\/.*\/own: it has 5 bytes instead of 4/,
  ],
  [
    'a file of a directory that was written to',
    (whole) => writeFileSync(ownFile(whole), 'spet'),
    /layers\/.*\/own: it was written to/,
  ],
  [
    'a file of a directory with another mode',
    (whole) => chmodSync(ownFile(whole), 0o600),
    /layers\/.*\/own: its mode is 600 instead of 644/,
  ],
  [
    'a directory in the place of a file',
    (whole) => {
      rmSync(ownFile(whole));
      mkdirSync(ownFile(whole));
    },
    /layers\/.*\/own: it is no file any more/,
  ],
  [
    'a cache mount that is gone',
    ({ sample }) => rmSync(sample.store.paths.cacheMount('m'), { recursive: true }),
    /records\/mount\/m: .*cache mount/,
  ],
];

test.for(damages)('verifyStore() finds %s', async ([, damage, says]) => {
  const whole = wholeStore();
  using sample = whole.sample;
  damage(whole);
  const problems = await verifyStore(openStore(sample.store.paths.root), { signal });
  expect(problems.map(({ path, message }) => `${path}: ${message}`).join('\n')).toMatch(says);
});
