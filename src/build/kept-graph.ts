import { type CompiledTargets, redactUrls } from '../frontend/index.ts';
import { decodeDefinition, type Definition, type Edge, encodeDefinition, type Vertex } from '../graph/index.ts';
import { type Digest, digestOf, hexOf } from '../oci/index.ts';
import type { Store } from '../store/index.ts';

/** What a build was to do, and where: enough to stand in one of its steps later, or to do it again. `result` is the first there is. */
export interface KeptGraph extends Definition {
  /** The results of all targets, as the build had them; `undefined`: the empty file system. */
  readonly results: readonly (Edge | undefined)[];
  /** Where each local context lay, by name. */
  readonly directories: ReadonlyMap<string, string>;
  /** Where the modes of their files came from, if not from the disk. */
  readonly contextModes: 'git' | undefined;
  readonly network: 'host' | 'none';
  /** What devices were called in the Dockerfile, and which ones were meant. */
  readonly deviceAliases: ReadonlyMap<string, string>;
}

/** What the history keeps of a build so that it can be done again. */
export interface KeptFacts {
  /** Under which key the store keeps what it was to do. */
  readonly graph?: string | undefined;
  /** It is not kept, because it names a URL with a password. */
  readonly namesPassword?: true | undefined;
  /** Of each vertex that took something from a local context: the digest of that. */
  readonly taken?: Readonly<Record<string, Digest>> | undefined;
}

type Surroundings = Pick<KeptGraph, 'directories' | 'contextModes' | 'network' | 'deviceAliases'>;

/** The name under which BuildKit's clients show a vertex. */
const customName = 'llb.customname';

/**
 * Keep what a build is to do. Costs a look when it is there already, which is so for every build that finds all in the cache.
 * @returns `graph` is the key for `keptGraph`; nothing when there is nothing to do
 */
export function keepGraph(
  store: Store,
  { graph, targets, names }: CompiledTargets,
  { directories, contextModes, network, deviceAliases }: Surroundings,
): Pick<KeptFacts, 'graph' | 'namesPassword'> {
  const results = targets.map(({ result }) => result);
  if (results.every((result) => result === undefined)) return {};
  if ([...graph.vertices.values()].some(namesPassword)) return { namesPassword: true };
  const surroundings = {
    directories: Object.fromEntries(directories),
    ...(contextModes === undefined ? {} : { contextModes }),
    network,
    ...(deviceAliases.size === 0 ? {} : { deviceAliases: Object.fromEntries(deviceAliases) }),
  };
  const key = hexOf(digestOf(JSON.stringify([results.map((result) => result ?? null), [...names], surroundings])));
  if (store.records.touch('graph', key)) return { graph: key };
  const metadata = new Map(
    [...names].map(([vertex, name]) => [vertex, { ignoreCache: false, description: { [customName]: name } }]),
  );
  const definitions = results.map((result) => Buffer.from(encodeDefinition(graph, result, metadata)).toString('base64'));
  store.records.write('graph', key, { ...surroundings, definitions });
  return { graph: key };
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
    results: decoded.map(({ result }) => result),
    result: decoded.find(({ result }) => result !== undefined)?.result,
    directories: new Map(Object.entries(record.directories)),
    contextModes: record.contextModes,
    network: record.network,
    deviceAliases: new Map(Object.entries(record.deviceAliases ?? {})),
  };
}

/** The progress name of a vertex. */
export function nameOfVertex({ metadata }: KeptGraph, vertex: Digest): string {
  return metadata.get(vertex)?.description[customName] ?? vertex;
}

interface GraphRecord {
  /** Base64, one for each target; empty for the empty file system. */
  readonly definitions: readonly string[];
  readonly directories: Readonly<Record<string, string>>;
  readonly contextModes?: 'git';
  readonly network: 'host' | 'none';
  readonly deviceAliases?: Readonly<Record<string, string>> | undefined;
}
