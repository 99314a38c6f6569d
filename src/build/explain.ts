import type { BuildEvent, CachedBy, MissReason, StepId } from '../solver/index.ts';
import { type BuildRecord, type BuildRefOptions, buildEvents, inspectBuild } from './history.ts';
import { matchSteps, noStep, parseStepName, type StepName } from './step-name.ts';

export interface ExplainOptions extends BuildRefOptions {
  /** Only this step: `3`, `build 3`, `build`, or how its instruction begins. Default: all. */
  readonly step?: string;
}

/** What became of one step of a build, and why. */
export interface ExplainedStep extends StepName {
  /** Its progress name, `[build 2/3] RUN make`. */
  readonly name: string;
  /** `stopped`: the build ended before this step did. */
  readonly outcome: 'cached' | 'ran' | 'failed' | 'stopped';
  /** Of a cached step: how the cache knew it. */
  readonly cachedBy?: CachedBy | undefined;
  readonly durationMs: number;
  /** Why it ran; empty for a cached step, and for one that is the same in every build, such as FROM. */
  readonly reasons: readonly MissReason[];
  /** Of a failed step. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

export interface BuildExplanation {
  readonly build: BuildRecord;
  /** By stage, each behind the stages that it needs; in each in the order of the Dockerfile. Steps that the build didn't come to are missing. */
  readonly steps: readonly ExplainedStep[];
}

/**
 * Say of each step of a build that has ended whether it ran, and which of its inputs made it run. What is not told here is in no record:
 * nothing is built, read from the context or asked for.
 *
 * @throws {SlipwayError} `BUILD_NO_BUILD`, `BUILD_NO_STEP`
 */
export async function explain(options: ExplainOptions = {}): Promise<BuildExplanation> {
  const { step: wanted, ...ref } = options;
  const build = await inspectBuild(ref);
  const steps = inOrder(...(await collect(buildEvents({ ...ref, ref: build.id }))));
  if (wanted === undefined) return { build, steps };
  const names = steps.map(({ name }) => name);
  const meant = new Set(matchSteps(names, wanted));
  if (meant.size === 0) throw noStep(names, wanted);
  return { build, steps: steps.filter(({ name }) => meant.has(name)) };
}

interface Draft {
  readonly step: { -readonly [K in keyof ExplainedStep]: ExplainedStep[K] };
  sinceMs: number;
}

type Inputs = ReadonlyMap<StepId, readonly StepId[]>;

async function collect(events: AsyncIterable<BuildEvent>): Promise<readonly [ReadonlyMap<StepId, Draft>, Inputs]> {
  const drafts = new Map<StepId, Draft>();
  const inputs = new Map<StepId, readonly StepId[]>();
  const meet = (step: StepId, name: string, atMs: number): Draft | undefined => {
    const parts = parseStepName(name);
    const known = drafts.get(step);
    if (parts === undefined || known !== undefined) return known;
    const draft: Draft = { step: { name, ...parts, outcome: 'stopped', durationMs: 0, reasons: [] }, sinceMs: atMs };
    drafts.set(step, draft);
    return draft;
  };
  const end = (step: StepId, outcome: ExplainedStep['outcome'], atMs: number): void => {
    const draft = drafts.get(step);
    if (draft === undefined) return;
    draft.step.outcome = outcome;
    draft.step.durationMs += atMs - draft.sinceMs;
    draft.sinceMs = atMs;
  };
  for await (const event of events) {
    if ('inputs' in event && event.inputs !== undefined) inputs.set(event.step, event.inputs);
    switch (event.kind) {
      case 'step-started': {
        const draft = meet(event.step, event.name, event.atMs);
        if (draft !== undefined) draft.sinceMs = event.atMs;
        break;
      }
      case 'step-cached': {
        const draft = meet(event.step, event.name, event.atMs);
        if (draft?.step.outcome !== 'stopped') break;
        draft.step.outcome = 'cached';
        draft.step.cachedBy = event.by;
        break;
      }
      case 'step-explained': {
        const draft = drafts.get(event.step);
        if (draft !== undefined) draft.step.reasons = event.reasons;
        break;
      }
      case 'step-done':
        end(event.step, 'ran', event.atMs);
        break;
      case 'step-cancelled':
        end(event.step, 'stopped', event.atMs);
        break;
      case 'step-failed': {
        end(event.step, 'failed', event.atMs);
        const draft = drafts.get(event.step);
        if (draft !== undefined) draft.step.error = { code: event.error.code, message: event.error.message };
        break;
      }
      case 'step-log':
      case 'step-progress':
      case 'stages-skipped':
      case 'warning':
        break;
    }
  }
  return [drafts, inputs];
}

/** A stage comes when all that it needs has come; otherwise, stages stand in the order in which they were met. */
function inOrder(drafts: ReadonlyMap<StepId, Draft>, inputs: Inputs): readonly ExplainedStep[] {
  const steps = [...drafts.values()].map(({ step }) => step);
  const stages = new Map<string | undefined, Set<string | undefined>>();
  for (const [id, { step }] of drafts) {
    const needed = stages.get(step.stage) ?? new Set();
    stages.set(step.stage, needed);
    for (const stage of stagesBelow(id, drafts, inputs)) needed.add(stage);
  }
  const ordered = new Set<string | undefined>();
  const met = new Set<string | undefined>();
  const place = (stage: string | undefined): void => {
    if (met.has(stage)) return;
    met.add(stage);
    for (const needed of stages.get(stage) ?? []) place(needed);
    ordered.add(stage);
  };
  for (const stage of stages.keys()) place(stage);
  return [...ordered].flatMap((stage) => steps.filter((step) => step.stage === stage).sort((a, b) => a.number - b.number));
}

/** Stages of the steps that `id` takes its inputs from, also through work that is no step. */
function stagesBelow(id: StepId, drafts: ReadonlyMap<StepId, Draft>, inputs: Inputs): readonly (string | undefined)[] {
  const found: (string | undefined)[] = [];
  const seen = new Set<StepId>();
  const queue = [...(inputs.get(id) ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const draft = drafts.get(next);
    if (draft === undefined) queue.push(...(inputs.get(next) ?? []));
    else found.push(draft.step.stage);
  }
  return found;
}
