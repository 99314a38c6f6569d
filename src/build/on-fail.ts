import { statSync } from 'node:fs';
import { basename, dirname, join, posix, resolve as resolvePath } from 'node:path';
import { hostPath } from '../base/index.ts';
import type { Engine, EngineJob } from '../engine/index.ts';
import { mergeTree } from '../exporter/index.ts';
import type { Vertex } from '../graph/index.ts';
import { emptyTree, notFound, resolve, type Tree } from '../layer/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import { failedTree } from '../store/index.ts';
import type { FailedExport } from './options.ts';
import { toldStep } from './told-step.ts';

export interface FailedStep {
  readonly vertex: Vertex;
  readonly engine: Engine;
  readonly job: EngineJob;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Bring files out of the tree that a failed step left. What cannot be brought out is told as a warning: the build has failed for another reason. */
export async function exportFailed(exports: readonly FailedExport[], step: FailedStep): Promise<void> {
  const { vertex, engine, job, emit } = step;
  const failed = failedTree(engine.store, vertex.digest);
  if (failed === undefined) {
    emit({
      kind: 'warning',
      message: 'nothing was exported: no process ran in the step that failed',
      step: vertex.digest,
      atMs: Date.now(),
    });
    return;
  }
  const tree = job.treeOf({ kind: 'snapshot', layers: failed.layers });
  const cwd = vertex.op.kind === 'exec' ? vertex.op.cwd : '/';
  for (const { path, dest } of exports) {
    const to = dest ?? (basename(path) === '' ? '.' : basename(path));
    const own = { id: `export:failed ${path}`, name: `exporting ${path} of the failed step to ${to}` } as const;
    // What goes wrong is told; the build has failed already.
    await toldStep(emit, own, () => exportPath(tree, posix.resolve(cwd, path), to, step)).catch(() => undefined);
  }
}

/** A directory's content goes to `dest`; a file goes to `dest`, or into it where that is a directory. */
async function exportPath(tree: Tree, path: string, dest: string, { engine: { content }, signal }: FailedStep): Promise<void> {
  const found = resolve(tree, path, { followLast: true });
  if (found === undefined) throw notFound(tree, path.slice(1));
  const { node } = found;
  if (node.children !== undefined) return await mergeTree({ root: node }, hostPath(resolvePath(dest)), { content, signal });
  const isInto = dest.endsWith('/') || statSync(dest, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = resolvePath(isInto ? join(dest, basename(path)) : dest);
  const alone: Tree = { root: { ...emptyTree.root, children: new Map([[basename(file), node]]) } };
  await mergeTree(alone, hostPath(dirname(file)), { content, signal });
}
