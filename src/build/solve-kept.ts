import { hostPath } from '../base/index.ts';
import type { Engine, EngineJob, SolveRequest } from '../engine/index.ts';
import { type KeptGraph, nameOfVertex } from './kept-graph.ts';
import type { Secret } from './options.ts';
import { secretReader } from './secrets.ts';

/** What is asked anew of a build that is done again: its values are not kept. */
export interface KeptRequest extends Pick<SolveRequest, 'sshAgent' | 'signal' | 'emit'> {
  readonly devicesOf?: SolveRequest['devicesOf'];
  readonly secrets: Readonly<Record<string, Secret>> | undefined;
}

/** A job on what an earlier build was to do, with its contexts as they lie now. */
export function solveKept(engine: Engine, graph: KeptGraph, { secrets, ...request }: KeptRequest): EngineJob {
  return engine.solve(graph.graph, {
    ...request,
    directories: new Map([...graph.directories].map(([name, path]) => [name, hostPath(path)])),
    contextModes: graph.contextModes,
    nameOf: (vertex) => nameOfVertex(graph, vertex),
    ignoreCache: () => false,
    secret: secretReader(secrets ?? {}, process.env),
    network: graph.network,
  });
}
