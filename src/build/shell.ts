import { SlipwayError } from '../base/index.ts';
import type { Engine, EngineJob } from '../engine/index.ts';
import { type Edge, type ExecOp, plainExec, type Vertex } from '../graph/index.ts';
import type { LayerId } from '../layer/index.ts';
import type { Digest } from '../oci/index.ts';
import { emptySnapshot, type OpResult, rootLayers } from '../ops/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import { failedTree, holdFailedTree } from '../store/index.ts';
import { findDevices } from './devices.ts';
import { findShell } from './find-shell.ts';
import { inspectBuild } from './history/history.ts';
import type { BuildRecord } from './history/build-record.ts';
import { type KeptGraph, keptGraph, nameOfVertex } from './kept-graph.ts';
import { openAgents } from './ssh-agents.ts';
import type { ShellOptions, ShellPlace } from './shell-options.ts';
import { solveKept } from './solve-kept.ts';
import { findStep } from './step-name.ts';
import { withEngine } from './with-engine.ts';

/**
 * Run a shell in the tree of a step, with the step's environment, user, directory and mounts. Its changes are thrown away, except in
 * cache mounts. The tree of the step that failed last is the one it left; others come from the cache, or are made again.
 *
 * @throws {SlipwayError} `BUILD_NO_BUILD`, `BUILD_NO_STEP`, `BUILD_NO_TREE`, `BUILD_NO_SHELL`; an exit code other than 0 is no error.
 */
export async function openShell(options: ShellOptions): Promise<{ readonly exitCode: number }> {
  return await withEngine(options, async (engine, signal) => {
    const { record, step } = whereIn(options);
    if (record.namesPassword === true) {
      throw noTree(
        `what build \`${record.id}\` was to do is not kept: it names a URL with a password`,
        'build without the password in the URL: for git, `--secret id=GIT_AUTH_TOKEN` brings it',
      );
    }
    if (record.graph === undefined)
      throw noTree(`build \`${record.id}\` did not come as far as its first step`, 'mend what its error says');
    const graph = keptGraph(engine.store, record.graph);
    if (graph === undefined) throw noTree(`what build \`${record.id}\` was to do is not kept any more`);
    const vertex = chooseVertex(graph, record, step);
    const name = nameOfVertex(graph, vertex.digest);
    using job = await startJob(engine, graph, options, signal);
    const at = options.at ?? 'after';
    const hasFailed = record.status === 'error' && record.error?.step === name;
    using _kept = hasFailed ? await holdFailedTree(engine.store, vertex.digest, signal) : undefined;
    const tree = hasFailed ? await failedAt(vertex, at, graph, engine, job) : await solvedAt(vertex, at, graph, job);
    const shell = findShell(job.treeOf({ kind: 'snapshot', layers: tree.base }), process.env['PATH'] ?? '');
    const place: ShellPlace = {
      build: record.id,
      step: name,
      at,
      hasFailed,
      shell: shell.args[0] ?? '',
      isBorrowed: shell.files.size > 0,
    };
    options.onEnter?.(place);
    const exitCode = await job.enter({
      ...tree,
      files: shell.files,
      op: {
        ...tree.op,
        args: [...shell.args, ...(options.command === undefined ? [] : ['-c', options.command])],
        env: [...tree.op.env, ...(options.env ?? [])],
        user: options.user ?? tree.op.user,
      },
      interactive: options.interactive ?? false,
      onOutput: options.onOutput ?? (() => undefined),
    });
    return { exitCode };
  });
}

/** What is meant by one word: a step of the latest build, else a build. */
function whereIn(options: ShellOptions): { readonly record: BuildRecord; readonly step: string | undefined } {
  const { build, where } = options;
  const found = (ref: string | undefined): BuildRecord =>
    inspectBuild({ ...(ref === undefined ? {} : { ref }), ...(options.engine === undefined ? {} : { engine: options.engine }) });
  if (build !== undefined || where === undefined) return { record: found(build), step: options.step ?? where };
  try {
    return { record: found(where), step: options.step };
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.code !== 'BUILD_NO_BUILD') throw thrown;
    return { record: found(undefined), step: where };
  }
}

/** The step that was asked for; else the one that failed; else the last. */
function chooseVertex(graph: KeptGraph, record: BuildRecord, step: string | undefined): Vertex {
  const byName = new Map([...graph.graph.vertices.values()].map((vertex) => [nameOfVertex(graph, vertex.digest), vertex]));
  const wanted = step === undefined ? record.error?.step : findStep([...byName.keys()], step);
  const vertex = wanted === undefined ? graph.result && graph.graph.vertices.get(graph.result.vertex) : byName.get(wanted);
  if (vertex === undefined) throw noTree(`build \`${record.id}\` has no step to stand in`);
  return vertex;
}

async function startJob(engine: Engine, graph: KeptGraph, options: ShellOptions, signal: AbortSignal): Promise<EngineJob> {
  const sshAgent = await openAgents(options.ssh ?? {});
  // The build had these devices: they were granted then.
  const grants = { rights: [], allDevices: true, devices: [], aliases: graph.deviceAliases };
  const devicesOf = await findDevices({ graph: graph.graph, locations: new Map() }, grants, options.engine?.deviceDirectories);
  const emit = ofStepsThatRun(graph, options.onEvent ?? (() => undefined));
  return solveKept(engine, graph, { secrets: options.secrets, sshAgent, devicesOf, signal, emit });
}

/** What comes from the cache, or is only looked up, is nothing to tell of. */
function ofStepsThatRun({ graph }: KeptGraph, emit: EmitEvent): EmitEvent {
  return (event) => {
    if (event.kind === 'step-cached' || !('step' in event)) return;
    const vertex = event.step === undefined ? undefined : graph.vertices.get(event.step as Digest);
    if (vertex !== undefined && vertex.op.kind !== 'source') emit(event);
  };
}

interface StepTree {
  readonly op: ExecOp;
  readonly base: readonly LayerId[];
  readonly inputs: readonly OpResult[];
}

/** What the step left when it failed, or what it began with then. */
async function failedAt(
  vertex: Vertex,
  at: 'before' | 'after',
  graph: KeptGraph,
  engine: Engine,
  job: EngineJob,
): Promise<StepTree> {
  const failed = failedTree(engine.store, vertex.digest);
  if (failed === undefined || vertex.op.kind !== 'exec') {
    if (at === 'before') return await solvedAt(vertex, at, graph, job);
    throw noTree(
      'the tree that the step left is not kept any more',
      'build again, or look at the tree it began with: `--before`',
    );
  }
  const inputs = await Promise.all(
    vertex.inputs.map(async (edge, index): Promise<OpResult> => {
      const input = failed.inputs[index] as unknown as OpResult | undefined;
      return input?.kind === 'snapshot' ? input : await job.solve(edge);
    }),
  );
  return { op: vertex.op, base: at === 'after' ? failed.layers : rootLayers(vertex.op, inputs), inputs };
}

async function solvedAt(vertex: Vertex, at: 'before' | 'after', graph: KeptGraph, job: EngineJob): Promise<StepTree> {
  const { op, inputs, digest } = vertex;
  if (op.kind !== 'exec') {
    const edge = at === 'after' ? { vertex: digest, output: 0 } : baseOf(vertex);
    const result = edge === undefined ? emptySnapshot : await job.solve(edge);
    return { op: likeStepBelow(vertex, graph), base: layersOf(result), inputs: [] };
  }
  const given = await Promise.all(inputs.map((edge) => job.solve(edge)));
  const root = op.mounts.find(({ dest }) => dest === '/');
  const output = root?.type === 'bind' ? root.output : 0;
  const base = at === 'after' ? layersOf(await job.solve({ vertex: digest, output })) : rootLayers(op, given);
  return { op, base, inputs: given };
}

function layersOf(result: OpResult): readonly LayerId[] {
  return result.kind === 'snapshot' ? result.layers : [];
}

/** How to stand in the tree of a step that ran no process: in the environment and directory of the nearest RUN before it. */
function likeStepBelow(vertex: Vertex, { graph }: KeptGraph): ExecOp {
  for (let below: Vertex | undefined = vertex; below !== undefined; ) {
    if (below.op.kind === 'exec') return { ...plainExec, env: below.op.env, cwd: below.op.cwd };
    const base = baseOf(below);
    below = base === undefined ? undefined : graph.vertices.get(base.vertex);
  }
  return plainExec;
}

/** The file system that an op adds to. */
function baseOf({ op, inputs }: Vertex): Edge | undefined {
  switch (op.kind) {
    case 'file':
      return inputs[op.actions[0]?.input ?? -1];
    case 'merge':
      return inputs[op.inputs[0] ?? -1];
    case 'exec':
    case 'source':
    case 'diff':
      return undefined;
  }
}

function noTree(message: string, hint = 'build it again, then try once more'): SlipwayError {
  return new SlipwayError('BUILD_NO_TREE', message, { hint });
}
