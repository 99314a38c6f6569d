import { canonicalJson, type Json } from '../base/index.ts';
import { hexOf } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { CacheRecord, Candidate, ResultCache } from '../solver/index.ts';
import type { Store } from '../store/index.ts';

/** How many earlier runs of an op are held against new inputs. */
const candidateLimit = 8;

/** The solver's memory, as records of the store. */
export function createResultCache(store: Store): ResultCache<OpResult> {
  const { records, locks } = store;
  const used = new Set<string>();
  /** What is read is of use: noted once, after reading. A record that is gone by then is being pruned, with what it names. */
  const read = (kind: 'key' | 'candidate', key: string): Json | undefined => {
    const record = records.read(kind, key);
    if (record === undefined || used.has(key)) return record;
    if (!records.touch(kind, key)) return undefined;
    used.add(key);
    return record;
  };
  const candidates = (key: string): readonly Candidate<OpResult>[] =>
    (read('candidate', key) ?? []) as unknown as readonly Candidate<OpResult>[];
  return {
    read: (key) => read('key', hexOf(key)) as unknown as CacheRecord<OpResult> | undefined,
    write: (key, record) => records.write('key', hexOf(key), record as unknown as Json),
    candidates: (opKey) => candidates(hexOf(opKey)),
    addCandidate(opKey, candidate) {
      const key = hexOf(opKey);
      const given = inputsOf(candidate);
      const others = candidates(key).filter((each) => inputsOf(each) !== given);
      records.write('candidate', key, [candidate, ...others].slice(0, candidateLimit) as unknown as Json);
    },
    hold: (key, signal) => locks.hold(hexOf(key), signal),
  };
}

function inputsOf({ inputs }: Candidate<OpResult>): string {
  return canonicalJson(inputs as unknown as Json);
}
