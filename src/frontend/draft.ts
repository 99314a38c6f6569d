import type { SourceSpan } from '../base/index.ts';
import { createGraphBuilder, type Edge, type Graph, type Op } from '../graph/index.ts';
import type { Digest, Platform } from '../oci/index.ts';

/**
 * A vertex to be. Its digest is unknown as long as stages are still compiled, because the source of the build context
 * names the paths that all of them need.
 */
export interface Draft {
  /** Asked for once, after the last stage. */
  readonly op: () => Op;
  readonly inputs: readonly Draft[];
  readonly platform?: Platform | undefined;
  readonly name: string;
  readonly at?: SourceSpan | undefined;
  readonly stage?: StageLabel | undefined;
  readonly ignoreCache?: boolean | undefined;
}

/** Which stage a vertex belongs to. */
export interface StageLabel {
  readonly index: number;
  readonly displayName: string;
}

/** A file system: what a draft makes, or nothing. */
export type Tree = Draft | undefined;

/** Drafts in the order they were made, so inputs come before their users. */
export class Drafts {
  readonly #drafts: Draft[] = [];
  readonly #ofStage = new Map<number, Draft[]>();

  add(draft: Draft): Draft {
    this.#drafts.push(draft);
    const index = draft.stage?.index;
    if (index !== undefined) {
      const known = this.#ofStage.get(index);
      if (known === undefined) this.#ofStage.set(index, [draft]);
      else known.push(draft);
    }
    return draft;
  }

  /** Turn every draft into a vertex. Equal ones become one, with the first one's name. */
  seal(): Sealed {
    const graph = createGraphBuilder();
    const edges = new Map<Draft, Edge>();
    const names = new Map<Digest, string>();
    const locations = new Map<Digest, Set<SourceSpan>>();
    const stageOf = new Map<Digest, string>();
    const ignoreCache = new Set<Digest>();
    for (const draft of this.#drafts) {
      const inputs = draft.inputs.map((input) => edgeOf(edges, input));
      const edge = graph.add(draft.op(), inputs, draft.platform);
      const { vertex } = edge;
      edges.set(draft, edge);
      if (!names.has(vertex)) names.set(vertex, draft.name);
      if (draft.at) locations.set(vertex, (locations.get(vertex) ?? new Set()).add(draft.at));
      if (draft.stage && !stageOf.has(vertex)) stageOf.set(vertex, draft.stage.displayName);
      if (draft.ignoreCache) ignoreCache.add(vertex);
    }
    return {
      graph,
      names,
      locations: new Map(Array.from(locations, ([vertex, spans]) => [vertex, [...spans]])),
      stageOf,
      ignoreCache,
      edge: (tree) => tree && edgeOf(edges, tree),
    };
  }

  /** What was made so far for the stage with this index. */
  ofStage(index: number): readonly Draft[] {
    return this.#ofStage.get(index) ?? [];
  }
}

export interface Sealed {
  readonly graph: Graph;
  readonly names: ReadonlyMap<Digest, string>;
  readonly locations: ReadonlyMap<Digest, readonly SourceSpan[]>;
  readonly stageOf: ReadonlyMap<Digest, string>;
  readonly ignoreCache: ReadonlySet<Digest>;
  readonly edge: (tree: Tree) => Edge | undefined;
}

function edgeOf(edges: ReadonlyMap<Draft, Edge>, draft: Draft): Edge {
  const edge = edges.get(draft);
  if (edge === undefined) throw new Error('a draft was used before it was added');
  return edge;
}

/** The inputs of one op: each tree once, named by index; -1 is the empty one. */
export class Inputs {
  readonly drafts: Draft[] = [];
  readonly #indexes = new Map<Draft, number>();

  indexOf(tree: Tree): number {
    if (tree === undefined) return -1;
    const known = this.#indexes.get(tree);
    if (known !== undefined) return known;
    this.#indexes.set(tree, this.drafts.length);
    return this.drafts.push(tree) - 1;
  }
}
