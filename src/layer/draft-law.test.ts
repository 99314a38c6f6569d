import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTree } from './build-tree.ts';
import { copy } from './copy.ts';
import { createDraft, type Draft } from './draft.ts';
import type { Entry, LayerIndex } from './entry.ts';
import { mkdir } from './mkdir.ts';
import { comparePaths, parentOf } from './path-order.ts';
import { rm } from './rm.ts';
import { copyAction, dir, file, layer, link } from './samples.ts';
import { type Tree, type TreeNode, walkTree } from './tree.ts';

const name = fc.constantFrom('a', 'b', 'c', 'a.b');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  path.map((at) => file(at)),
  fc.tuple(path, fc.boolean()).map(([at, opaque]) => (opaque ? dir(at, { opaque }) : dir(at, { mode: 0o700 }))),
  fc.tuple(path, path).map(([at, target]) => link(at, `/${target}`)),
  path.map((at) => ({ type: 'whiteout', path: at }) as const),
);

/** Entries as a layer may have them: each path once, nothing below what is no directory. */
const someLayer = fc.array(entry, { maxLength: 8 }).map((entries) => {
  const byPath = new Map(entries.map((item) => [item.path, item]));
  const isFree = (item: Entry): boolean => {
    for (let at = parentOf(item.path); at !== ''; at = parentOf(at)) if ((byPath.get(at)?.type ?? 'dir') !== 'dir') return false;
    return true;
  };
  return [...byPath.values()].filter(isFree);
});

const layers = fc.array(someLayer, { maxLength: 4 }).map((all) => all.map((entries, at) => layer(`l${at}`, ...entries)));

test('buildTree() equals a plain model of stacked layers', () => {
  fc.assert(
    fc.property(layers, (stack) => {
      expect(shape(buildTree(stack))).toEqual(model(stack));
    }),
    { numRuns: 1000 },
  );
});

type Step = (draft: Draft, source: Tree) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(path, path, fc.boolean()).map(([src, dest, slash]): Step => {
    return (draft, source) => copy(draft, source, copyAction(`/${src}`, `/${dest}${slash ? '/' : ''}`), { nowSec: 5 });
  }),
  path.map(
    (at): Step =>
      (draft) =>
        mkdir(draft, { path: at, mode: 0o711, makeParents: true, timestampNs: -1n }, { nowSec: 5 }),
  ),
  path.map(
    (at): Step =>
      (draft) =>
        rm(draft, { path: at, allowNotFound: true, allowWildcard: false }, { nowSec: 5 }),
  ),
);

test('a finished draft on top of its base shows what the draft showed', () => {
  let changes = 0;
  fc.assert(
    fc.property(layers, layers, fc.array(step, { maxLength: 4 }), (stack, other, steps) => {
      const base = buildTree(stack);
      const before = shape(base);
      const draft = createDraft(base);
      const source = buildTree(other);
      for (const one of steps) if (!attempt(() => one(draft, source))) return;
      const entries = draft.finish();
      changes += entries.length;
      expect(entries.map((item) => item.path)).toEqual([...new Set(entries.map((item) => item.path))].sort(comparePaths));
      expect(shape(buildTree([...stack, layer('draft', ...entries)]))).toEqual(shape(draft.tree()));
      expect(shape(base)).toEqual(before);
    }),
    { numRuns: 1500 },
  );
  expect(changes).toBeGreaterThan(100);
});

test('the entries of a draft come with all their parents', () => {
  fc.assert(
    fc.property(layers, layers, fc.array(step, { maxLength: 3 }), (stack, other, steps) => {
      const draft = createDraft(buildTree(stack));
      const source = buildTree(other);
      for (const one of steps) if (!attempt(() => one(draft, source))) return;
      const dirs = new Set(['']);
      for (const item of draft.finish()) {
        expect(dirs).toContain(parentOf(item.path));
        if (item.type === 'dir') dirs.add(item.path);
      }
    }),
  );
});

/** False when the step is refused: sources are missing and files are in the way. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Times of directories aside: a draft touches them, and an untouched layer does not write them. */
function shape(tree: Tree): string[] {
  return [...walkTree(tree.root)].map(({ path: at, node }) => describe(at, node));
}

function describe(at: string, { entry: item }: TreeNode): string {
  return `${item.type} ${at} ${item.mode} ${item.type === 'symlink' ? item.target : ''}`;
}

/** Layer by layer: first what it hides, then what it brings. */
function model(stack: readonly LayerIndex[]): string[] {
  const all = new Map<string, string>();
  const hide = (at: string, withSelf: boolean): void => {
    for (const key of all.keys()) if ((withSelf && key === at) || key.startsWith(`${at}/`)) all.delete(key);
  };
  for (const { entries } of stack) {
    for (const item of entries) {
      if (item.type === 'whiteout') hide(item.path, true);
      else if (item.type === 'dir' && item.opaque === true) hide(item.path, false);
    }
    for (const item of entries) {
      if (item.type === 'whiteout' || item.type === 'hardlink') continue;
      const parents: string[] = [];
      for (let at = parentOf(item.path); at !== ''; at = parentOf(at)) parents.unshift(at);
      for (const at of parents) if (all.get(at)?.startsWith('dir ') !== true) all.set(at, `dir ${at} ${0o755} `);
      if (item.type !== 'dir') hide(item.path, true);
      all.set(item.path, describe(item.path, { entry: item, origin: undefined, children: undefined }));
    }
  }
  return [...all].sort(([a], [b]) => comparePaths(a, b)).map(([, text]) => text);
}
