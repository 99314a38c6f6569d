import { expect, test } from 'vitest';
import { digestOf } from '../oci/index.ts';
import { createGraphBuilder, topological } from './builder.ts';
import { decodeDefinition, encodeDefinition } from './definition.ts';
import type { SourceOp } from './op.ts';
import { printGraph } from './print.ts';

const local = (name: string): SourceOp => ({ kind: 'source', identifier: `local://${name}`, attrs: {} });

test('add() gives equal ops one vertex', () => {
  const graph = createGraphBuilder();
  const one = graph.add(local('a'), []);
  expect(graph.add(local('a'), [])).toEqual(one);
  expect(graph.add(local('b'), [])).not.toEqual(one);
  expect(graph.vertices.size).toBe(2);
});

test('add() refuses an input that is not in the graph', () => {
  const stranger = { vertex: digestOf('stranger'), output: 0 };
  expect(() => createGraphBuilder().add({ kind: 'merge', inputs: [0] }, [stranger])).toThrowError(
    expect.objectContaining({ code: 'GRAPH_INTERNAL' }),
  );
});

function diamond() {
  const graph = createGraphBuilder();
  const a = graph.add(local('a'), []);
  const left = graph.add({ kind: 'merge', inputs: [0, -1] }, [a]);
  const right = graph.add({ kind: 'diff', lower: -1, upper: 0 }, [a]);
  const unused = graph.add(local('unused'), []);
  const top = graph.add({ kind: 'merge', inputs: [0, 1] }, [right, left]);
  return { graph, a, left, right, unused, top };
}

test('topological() lists what the result needs, each vertex once, inputs in order before their user', () => {
  const { graph, a, left, right, top } = diamond();
  expect(topological(graph, top).map(({ digest }) => digest)).toEqual([a, right, left, top].map(({ vertex }) => vertex));
});

test('topological() walks a chain of 20,000 vertices', () => {
  const graph = createGraphBuilder();
  let edge = graph.add(local('a'), []);
  for (let i = 0; i < 20_000; i++) edge = graph.add({ kind: 'merge', inputs: [0] }, [edge]);
  expect(topological(graph, edge).length).toBe(20_001);
});

test('decodeDefinition() is the inverse of encodeDefinition(), without what the result does not need', () => {
  const { graph, left, unused, top } = diamond();
  const metadata = new Map([
    [left.vertex, { ignoreCache: true, description: { 'llb.customname': '[1/2] MERGE' } }],
    [unused.vertex, { ignoreCache: true, description: {} }],
  ]);
  const decoded = decodeDefinition(encodeDefinition(graph, top, metadata));
  expect(decoded.result).toEqual(top);
  expect([...decoded.graph.vertices.values()]).toEqual(topological(graph, top));
  expect([...decoded.metadata]).toEqual([...metadata].slice(0, 1));
});

test('encodeDefinition() of the empty file system is empty', () => {
  expect(encodeDefinition(createGraphBuilder(), undefined)).toEqual(new Uint8Array());
  expect(decodeDefinition(new Uint8Array()).result).toBeUndefined();
});

test('decodeDefinition() refuses an op whose input was not defined before it', () => {
  const { graph, top } = diamond();
  const bytes = encodeDefinition(graph, top);
  const first = 2 + (bytes[1] ?? 0);
  expect(() => decodeDefinition(bytes.subarray(first))).toThrowError(expect.objectContaining({ code: 'GRAPH_BAD_BYTES' }));
});

test('printGraph() numbers vertices in definition order', () => {
  const { graph, top } = diamond();
  expect(printGraph(graph, top, new Map([[top.vertex, 'both']]))).toBe(
    '#0 source\n  local://a\n\n#1 diff\n  lower scratch upper #0\n\n#2 merge\n  merge #0 scratch\n\n#3 merge  both\n  merge #1 #2\n\nresult #3\n',
  );
});
