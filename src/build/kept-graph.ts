import { type CompiledTargets, redactUrls } from '../frontend/index.ts';
import { decodeDefinition, type Definition, encodeDefinition, type Vertex } from '../graph/index.ts';
import { type Digest, digestOf, hexOf } from '../oci/index.ts';
import type { Store } from '../store/index.ts';

/** What a build was to do, and where: enough to stand in one of its steps later. `result` is that of its first target. */
export interface KeptGraph extends Definition {
  /** Where each local context lay, by name. */
  readonly directories: ReadonlyMap<string, string>;
  readonly network: 'host' | 'none';
}

type Surroundings = Pick<KeptGraph, 'directories' | 'network'>;

/** The name under which BuildKit's clients show a vertex. */
const customName = 'llb.customname';

/**
 * Keep what a build is to do. Costs a look when it is there already, which is so for every build that finds all in the cache.
 * @returns the key for `keptGraph`; `undefined` when there is nothing to do, or a URL with a password is to be asked for
 */
export function keepGraph(
  store: Store,
  { graph, targets, names }: CompiledTargets,
  { directories, network }: Surroundings,
): string | undefined {
  const results = targets.flatMap(({ result }) => result ?? []);
  if (results.length === 0 || [...graph.vertices.values()].some(namesPassword)) return undefined;
  const surroundings = { directories: Object.fromEntries(directories), network };
  const key = hexOf(digestOf(JSON.stringify([results, [...names], surroundings])));
  if (store.records.touch('graph', key)) return key;
  const metadata = new Map(
    [...names].map(([vertex, name]) => [vertex, { ignoreCache: false, description: { [customName]: name } }]),
  );
  const definitions = results.map((result) => Buffer.from(encodeDefinition(graph, result, metadata)).toString('base64'));
  store.records.write('graph', key, { ...surroundings, definitions });
  return key;
}

/** A password is written to no disk. */
function namesPassword({ op }: Vertex): boolean {
  return op.kind === 'source' && [op.identifier, op.attrs['git.fullurl'] ?? ''].some((url) => redactUrls(url) !== url);
}

/** What `keepGraph` kept; `undefined` when it is gone. */
export function keptGraph(store: Store, key: string): KeptGraph | undefined {
  const record = store.records.read('graph', key) as unknown as GraphRecord | undefined;
  if (record === undefined) return undefined;
  const decoded = record.definitions.map((bytes) => decodeDefinition(Buffer.from(bytes, 'base64')));
  return {
    graph: { vertices: new Map(decoded.flatMap(({ graph }) => [...graph.vertices])) },
    metadata: new Map(decoded.flatMap(({ metadata }) => [...metadata])),
    result: decoded[0]?.result,
    directories: new Map(Object.entries(record.directories)),
    network: record.network,
  };
}

/** The progress name of a vertex. */
export function nameOfVertex({ metadata }: KeptGraph, vertex: Digest): string {
  return metadata.get(vertex)?.description[customName] ?? vertex;
}

interface GraphRecord {
  /** Base64, one for each target. */
  readonly definitions: readonly string[];
  readonly directories: Readonly<Record<string, string>>;
  readonly network: 'host' | 'none';
}
