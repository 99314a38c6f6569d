import { SlipwayError } from '../base/index.ts';
import { type Digest, digestOf, isDigest } from '../oci/index.ts';
import { topological } from './builder.ts';
import type { Edge, Graph, Vertex } from './op.ts';
import { decodeOp, decodePointer, encodeOp, encodePointer } from './op-codec.ts';
import { decodeMessage, encodeMessage, flag, type Message, manyBytes, map, message, nested, text } from './wire.ts';

/** What goes with an op and is not part of its digest. */
export interface OpMetadata {
  /** Run it again, whatever the cache says. */
  readonly ignoreCache: boolean;
  /** `llb.customname` is the progress name. */
  readonly description: Readonly<Record<string, string>>;
}

/** A graph as bytes, ready for either engine. */
export interface Definition {
  readonly graph: Graph;
  /** `undefined`: the empty file system. */
  readonly result: Edge | undefined;
  readonly metadata: ReadonlyMap<Digest, OpMetadata>;
}

interface WireDefinition {
  readonly def: readonly Uint8Array[];
  readonly metadata: Readonly<Record<string, OpMetadata | undefined>>;
}
const opMetadata: Message<OpMetadata> = message('OpMetadata', { ignoreCache: flag(1), description: map(2, text(2)) }, 'skip');
const wireDefinition = message<WireDefinition>(
  'Definition',
  { def: manyBytes(1), metadata: map(2, nested(2, opMetadata)) },
  'skip',
);

/** `pb.Definition`: only what `result` needs; an empty file system is an empty definition. */
export function encodeDefinition(
  graph: Graph,
  result: Edge | undefined,
  metadata: ReadonlyMap<Digest, OpMetadata> = new Map(),
): Uint8Array {
  if (result === undefined) return new Uint8Array();
  const order = topological(graph, result);
  const def = order.map(({ op, inputs, platform }) => encodeOp(op, inputs, platform));
  const used = order.flatMap(({ digest }) => {
    const own = metadata.get(digest);
    return own === undefined ? [] : [[digest, own] as const];
  });
  return encodeMessage(wireDefinition, { def: [...def, encodePointer(result)], metadata: Object.fromEntries(used) });
}

/** The inverse of `encodeDefinition`. @throws {SlipwayError} `GRAPH_BAD_BYTES`, `GRAPH_UNSUPPORTED` */
export function decodeDefinition(bytes: Uint8Array): Definition {
  const { def, metadata } = decodeMessage(wireDefinition, bytes);
  const vertices = new Map<Digest, Vertex>();
  const need = ({ vertex }: Edge): void => {
    if (!vertices.has(vertex))
      throw new SlipwayError('GRAPH_BAD_BYTES', `the definition uses \`${vertex}\` before it says what it is`);
  };
  for (const encoded of def.slice(0, -1)) {
    const { op, inputs, platform } = decodeOp(encoded);
    inputs.forEach(need);
    const digest = digestOf(encoded);
    vertices.set(digest, { digest, op, inputs, ...(platform ? { platform } : {}) });
  }
  const last = def.at(-1);
  const result = last && decodePointer(last);
  if (result) need(result);
  const known = Object.entries(metadata).flatMap(([digest, own]) => (isDigest(digest) && own ? [[digest, own] as const] : []));
  return { graph: { vertices }, result, metadata: new Map(known) };
}
