import type { Json } from '../base/index.ts';
import type { Entry, LayerId } from '../layer/index.ts';
import { type Digest, digestOf, hexOf } from '../oci/index.ts';
import type { OpResult } from '../ops/index.ts';
import { type FileChanges, instructionOf, type RememberedKey, type StepMemory } from '../solver/index.ts';
import type { Store } from '../store/index.ts';

type Remembered = RememberedKey<OpResult>;

/** How many earlier keys of a step are held against a new one. */
const keptKeys = 4;
/** How many paths of each kind of change are named. */
const namedPaths = 200;
/** So far a step may have moved when others came or went before it. */
const moves = [-1, 1, -2, 2];

/** Where in which Dockerfile a step was written: the same step of two builds has the same place, whatever it says. */
export interface StepPlace {
  /** Tells stages of all Dockerfiles apart. */
  readonly stage: string;
  /** 0-based, in the stage. */
  readonly position: number;
  /** Progress names of all the stage's steps. */
  readonly names: readonly string[];
}

/** What the store knows of the steps of earlier builds. */
export function createStepMemory(store: Store, placeOf: (vertex: Digest) => StepPlace | undefined): StepMemory<OpResult> {
  const keyFor = (stage: string, position: number): string => hexOf(digestOf(`${stage} ${position}`)).slice(0, 32);
  const read = (stage: string, position: number): readonly Remembered[] =>
    (store.records.read('step', keyFor(stage, position)) ?? []) as unknown as readonly Remembered[];
  return {
    recall(vertex) {
      const place = placeOf(vertex);
      if (place === undefined) return undefined;
      const { stage, position, names } = place;
      const wanted = instructionOf(names[position] ?? '');
      const hasSame = ({ name }: Remembered): boolean => instructionOf(name) === wanted;
      const here = read(stage, position);
      if (here.some(hasSame)) return here;
      const moved = moves.flatMap((by) => read(stage, position + by).filter(hasSame));
      if (moved.length > 0) return moved;
      const stillThere = new Set(names.map(instructionOf));
      return here.filter(({ name }) => !stillThere.has(instructionOf(name)));
    },
    latest(vertex) {
      const place = placeOf(vertex);
      return place === undefined ? undefined : read(place.stage, place.position)[0];
    },
    remember(vertex, key) {
      const place = placeOf(vertex);
      if (place === undefined) return;
      const definition = JSON.stringify(key.parts);
      const others = read(place.stage, place.position).filter(({ parts }) => JSON.stringify(parts) !== definition);
      const record = [key, ...others].slice(0, keptKeys) as unknown as Json;
      store.records.write('step', keyFor(place.stage, place.position), record);
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
