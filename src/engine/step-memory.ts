import type { Json } from '../base/index.ts';
import type { Entry, LayerId } from '../layer/index.ts';
import { type Digest, digestOf, hexOf } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import type { FileChanges, RememberedKey, StepMemory } from '../solver/index.ts';
import type { Store } from '../store/index.ts';

type Remembered = RememberedKey<OpResult>;

/** How many earlier keys of a step are held against a new one. */
const keptKeys = 4;
/** How many paths of each kind of change are named. */
const namedPaths = 20;

/** What the store knows of the steps of earlier builds. `placeOf` names the place of a vertex in its Dockerfile. */
export function createStepMemory(store: Store, placeOf: (vertex: Digest) => string | undefined): StepMemory<OpResult> {
  const keyFor = (place: string): string => hexOf(digestOf(place)).slice(0, 32);
  const read = (place: string): readonly Remembered[] =>
    (store.records.read('step', keyFor(place)) ?? []) as unknown as readonly Remembered[];
  return {
    recall(vertex) {
      const place = placeOf(vertex);
      return place === undefined ? undefined : read(place);
    },
    remember(vertex, key) {
      const place = placeOf(vertex);
      if (place === undefined) return;
      const definition = JSON.stringify(key.parts);
      const others = read(place).filter(({ parts }) => JSON.stringify(parts) !== definition);
      store.records.write('step', keyFor(place), [key, ...others].slice(0, keptKeys) as unknown as Json);
    },
    compare(before, after) {
      const [was, is] = [topLayer(before), topLayer(after)];
      if (was === undefined || is === undefined || store.layers.info(was) === undefined) return undefined;
      return compareEntries(store.layers.index(was).entries, store.layers.index(is).entries);
    },
  };
}

function topLayer([result]: readonly OpResult[]): LayerId | undefined {
  return result?.kind === 'snapshot' ? result.layers.at(-1) : undefined;
}

/** Which paths two layers of one step have differently. Times don't count. */
export function compareEntries(before: readonly Entry[], after: readonly Entry[]): FileChanges {
  const old = new Map(before.map((entry) => [entry.path, entry]));
  const lists = { changed: [] as string[], added: [] as string[], removed: [] as string[], modeOnly: [] as string[] };
  for (const entry of after) {
    const was = old.get(entry.path);
    old.delete(entry.path);
    if (was === undefined) lists.added.push(entry.path);
    else if (contentOf(was) !== contentOf(entry)) lists.changed.push(entry.path);
    else if (ownerOf(was) !== ownerOf(entry)) lists.modeOnly.push(entry.path);
  }
  lists.removed.push(...old.keys());
  const total = lists.changed.length + lists.added.length + lists.removed.length + lists.modeOnly.length;
  const cut = (paths: readonly string[]): readonly string[] => paths.slice(0, namedPaths);
  return {
    changed: cut(lists.changed),
    added: cut(lists.added),
    removed: cut(lists.removed),
    modeOnly: cut(lists.modeOnly),
    total,
  };
}

function contentOf(entry: Entry): string {
  switch (entry.type) {
    case 'file':
      return `file ${entry.sizeBytes} ${entry.digest ?? ''}`;
    case 'symlink':
    case 'hardlink':
      return `${entry.type} ${entry.target}`;
    default:
      return entry.type;
  }
}

function ownerOf(entry: Entry): string {
  return 'mode' in entry ? `${entry.mode} ${entry.uid} ${entry.gid}` : '';
}
