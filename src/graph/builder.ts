import { SlipwayError } from '../base/index.ts';
import type { Digest, Platform } from '../oci/index.ts';
import type { Edge, Graph, Op, Vertex } from './op.ts';
import { makeVertex } from './op-codec.ts';

/** Grows a graph from its sources up. What was built so far is a `Graph` at any time. */
export interface GraphBuilder extends Graph {
  /**
   * Add `op` over `inputs` and point at its first result. An op that is there already is not added again.
   * Ops name an input by its index in `inputs`; -1 is the empty file system.
   *
   * @throws {SlipwayError} `GRAPH_INTERNAL` an input is not in the graph.
   */
  add(op: Op, inputs: readonly Edge[], platform?: Platform): Edge;
}

export function createGraphBuilder(): GraphBuilder {
  const vertices = new Map<Digest, Vertex>();
  return {
    vertices,
    add: (op, inputs, platform) => {
      const lost = inputs.find((input) => !vertices.has(input.vertex));
      if (lost !== undefined)
        throw new SlipwayError('GRAPH_INTERNAL', `no vertex \`${lost.vertex}\` to build on`, { class: 'internal' });
      const vertex = makeVertex(op, inputs, platform);
      if (!vertices.has(vertex.digest)) vertices.set(vertex.digest, vertex);
      return { vertex: vertex.digest, output: 0 };
    },
  };
}

/** What `result` needs, inputs before their users, each vertex once: the order of a definition. */
export function topological(graph: Graph, result: Edge | undefined): Vertex[] {
  const order: Vertex[] = [];
  const seen = new Set<Digest>();
  // A stack of our own: a stage of thousands of instructions is a chain as deep.
  const stack: { readonly digest: Digest; readonly left: boolean }[] =
    result === undefined ? [] : [{ digest: result.vertex, left: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const vertex = graph.vertices.get(top.digest);
    if (vertex === undefined)
      throw new SlipwayError('GRAPH_INTERNAL', `the graph has no vertex \`${top.digest}\``, { class: 'internal' });
    if (top.left) {
      order.push(vertex);
      continue;
    }
    if (seen.has(top.digest)) continue;
    seen.add(top.digest);
    stack.push({ digest: top.digest, left: true });
    for (const input of [...vertex.inputs].reverse())
      if (!seen.has(input.vertex)) stack.push({ digest: input.vertex, left: false });
  }
  return order;
}
