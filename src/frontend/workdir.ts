import type { WorkdirInstruction } from '../dockerfile/index.ts';
import type { MkdirAction } from '../graph/index.ts';
import { Inputs } from './draft.ts';
import { parseOwner } from './owner.ts';
import { joinPath } from './paths.ts';
import { commitEmpty, commitLayer, draftOf, expand, type Step } from './stage-build.ts';
import { expandedText } from './step-names.ts';

/** Make the directory, owned by USER, and work there. The root is there already and makes no layer. */
export function dispatchWorkdir(step: Step, { path: word }: WorkdirInstruction): void {
  const { build, compilation } = step;
  const current = build.config.WorkingDir ?? '/';
  const written = expand(step, word) || current;
  // An absolute path goes into the config as it was written, even with a trailing slash: so BuildKit does it.
  const shown = written.startsWith('/') ? written : joinPath(current, written);
  const path = joinPath(current, written);
  build.config = { ...build.config, WorkingDir: shown };
  if (shown === '/') return commitEmpty(build, 'WORKDIR /');
  const inputs = new Inputs();
  const input = inputs.indexOf(build.tree);
  const action: MkdirAction = {
    action: 'mkdir',
    input,
    secondaryInput: -1,
    output: 0,
    path,
    mode: 0o755,
    makeParents: true,
    owner: parseOwner(build.config.User ?? '', input, step.at),
    timestampNs: compilation.epochSec === undefined ? -1n : BigInt(compilation.epochSec) * 1_000_000_000n,
  };
  const name = build.steps.next(expandedText(step), step.isTrigger);
  const op = { kind: 'file', actions: [action] } as const;
  commitLayer(build, `WORKDIR ${shown}`, compilation.drafts.add({ op: () => op, inputs: inputs.drafts, ...draftOf(step, name) }));
}
