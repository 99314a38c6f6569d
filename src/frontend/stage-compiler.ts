import { SlipwayError } from '../base/index.ts';
import type { Dockerfile, Growth, Stage, StageInstruction } from '../dockerfile/index.ts';
import { formatPlatform, type Platform, samePlatform } from '../oci/index.ts';
import type { CompiledHistory, CompiledImage, CompiledStage, CompiledTarget, CompileWarning } from './compiled.ts';
import { copyAll, dispatchCopy } from './copy.ts';
import type { Drafts, Sealed } from './draft.ts';
import type { ResolvedEpoch } from './epoch.ts';
import * as metadata from './metadata.ts';
import type { CompileOptions, ResolvedImage } from './options.ts';
import { displayName, type Plan, type PlannedStage } from './plan.ts';
import { dispatchRun } from './run.ts';
import { type Compilation, inheritImage, inheritStage, type StageBuild, type Step, wholeConfig } from './stage-build.ts';
import { stepNames } from './step-names.ts';
import type { LocalSource, Trees } from './trees.ts';
import { dispatchWorkdir } from './workdir.ts';

type Dispatch = {
  readonly [K in StageInstruction['kind']]: (step: Step, instruction: Extract<StageInstruction, { kind: K }>) => void;
};

const dispatch: Dispatch = {
  add: dispatchCopy,
  arg: metadata.dispatchArg,
  cmd: metadata.dispatchCmd,
  copy: dispatchCopy,
  entrypoint: metadata.dispatchEntrypoint,
  env: metadata.dispatchEnv,
  expose: metadata.dispatchExpose,
  healthcheck: metadata.dispatchHealthcheck,
  label: metadata.dispatchLabel,
  maintainer: metadata.dispatchMaintainer,
  onbuild: metadata.dispatchOnbuild,
  run: dispatchRun,
  shell: metadata.dispatchShell,
  stopsignal: metadata.dispatchStopsignal,
  user: metadata.dispatchUser,
  volume: metadata.dispatchVolume,
  workdir: dispatchWorkdir,
};

function run<K extends StageInstruction['kind']>(step: Step, kind: K, instruction: StageInstruction): void {
  dispatch[kind](step, instruction as Extract<StageInstruction, { kind: K }>);
}

/** Compiles the stages of a plan, one after the other. */
export class StageCompiler {
  readonly #file: Dockerfile;
  readonly #options: CompileOptions;
  readonly #epochSec: number | undefined;
  readonly #plan: Plan;
  readonly #drafts: Drafts;
  readonly #trees: Trees;
  readonly #builds = new Map<number, StageBuild>();
  readonly warnings: CompileWarning[] = [];
  readonly #compilation: Compilation;
  /** A single stage that takes from nowhere else has no name in its steps. */
  readonly #isAlone: boolean;

  constructor(
    file: Dockerfile,
    { options, globals, epochSec }: ResolvedEpoch,
    plan: Plan,
    shared: { readonly drafts: Drafts; readonly trees: Trees; readonly growth: Growth },
  ) {
    this.#drafts = shared.drafts;
    this.#trees = shared.trees;
    this.#file = file;
    this.#options = options;
    this.#epochSec = epochSec;
    this.#plan = plan;
    this.#isAlone = file.stages.length === 1 && !plan.stages.some(takesFromElsewhere);
    const { targetPlatform } = options;
    const { growth } = shared;
    this.#compilation = {
      options,
      globals,
      epochSec,
      escape: file.directives.escape,
      growth,
      drafts: this.#drafts,
      context: () =>
        options.mainContext === undefined
          ? this.#trees.local('context', options.ignorePatterns ?? [], { name: '[internal] load build context' })
          : { draft: this.#trees.source(options.mainContext), use: () => undefined },
      from: (origin, at) => {
        if (origin.kind === 'stage') return { tree: this.#built(origin.index).tree, local: undefined };
        if (origin.kind === 'context' && origin.context.kind === 'local') {
          const local = this.#localContext(origin.name, origin.context);
          return { tree: local.draft, local };
        }
        if (origin.kind === 'context' && origin.context.kind === 'source')
          return { tree: this.#trees.source(origin.context), local: undefined };
        const image = plan.images.get(origin, targetPlatform);
        const prefix = origin.kind === 'context' ? `[context ${origin.name}] ` : '';
        const naming = { name: `${prefix}FROM ${imageName(image)}`, at };
        return { tree: image && this.#trees.image(image, targetPlatform, naming), local: undefined };
      },
      origin: (from, allowIndex) =>
        allowIndex ? plan.origins.copyFrom(from, targetPlatform) : plan.origins.from(from.text, targetPlatform, from.span),
    };
  }

  /** Build one stage; those it needs were built before. An instruction that fails is reported, and left out. */
  build(plan: PlannedStage, report: (error: SlipwayError, step: Step) => void): void {
    const build = this.#start(plan);
    this.#builds.set(plan.stage.index, build);
    for (const planned of plan.instructions) {
      const step = { ...planned, build, compilation: this.#compilation };
      try {
        run(step, planned.instruction.kind, planned.instruction);
      } catch (thrown) {
        if (!(thrown instanceof SlipwayError)) throw thrown;
        // What is wrong with a trigger is shown where the stage asked for it; the words themselves stand in another file.
        thrown.at = planned.isTrigger ? planned.at : (thrown.at ?? planned.at);
        report(thrown, step);
      }
    }
  }

  finish(target: Stage, sealed: Sealed): CompiledTarget {
    const build = this.#built(target.index);
    return { stage: displayName(target), result: sealed.edge(build.tree), image: this.#image(build, sealed) };
  }

  stages(targets: ReadonlySet<number>, sealed: Sealed): readonly CompiledStage[] {
    return this.#plan.stages.map(({ stage }) => this.#compiledStage(stage.index, targets, sealed));
  }

  #start(plan: PlannedStage): StageBuild {
    const { targetPlatform, buildPlatform } = this.#options;
    const parent = plan.origin.kind === 'stage' ? this.#built(plan.origin.index) : undefined;
    const platform = parent?.platform ?? (plan.origin.kind === 'scratch' ? targetPlatform : (plan.platform ?? targetPlatform));
    const label = { index: plan.stage.index, displayName: plan.displayName };
    const steps = stepNames(plan, this.#isAlone, { own: platform, build: buildPlatform, target: targetPlatform });
    const own = { label, platform, steps };
    if (parent) return { ...inheritStage(parent, this.#compilation.growth, plan.stage.from.span), ...own };
    const image = this.#plan.images.get(plan.origin, plan.platform ?? targetPlatform);
    const base = this.#base(plan, platform, image, steps.next.bind(steps), label);
    if (image) this.#checkPlatform(plan, platform, image);
    return { ...own, ...inheritImage(image?.config), ...base, args: new Map(), isCmdSet: false };
  }

  #base(
    plan: PlannedStage,
    platform: Platform,
    image: ResolvedImage | undefined,
    next: (text: string) => string,
    stage: StageBuild['label'],
  ): Pick<StageBuild, 'tree' | 'history'> {
    const { origin } = plan;
    const at = plan.stage.from.span;
    if (origin.kind === 'context' && origin.context.kind === 'local') {
      const local = this.#localContext(origin.name, origin.context);
      local.use('/');
      const tree = this.#drafts.add({ op: () => copyAll, inputs: [local.draft], name: next(`FROM ${origin.name}`), at, stage });
      return { tree, history: [{ createdBy: `local source for ${origin.name}`, layer: { tree } }] };
    }
    if (origin.kind === 'context' && origin.context.kind === 'source') {
      const tree = this.#trees.source(origin.context);
      next(`FROM ${origin.name}`);
      return { tree, history: [{ createdBy: origin.context.createdBy, layer: { tree } }] };
    }
    if (image === undefined) return { tree: undefined, history: [] };
    return { tree: this.#trees.image(image, platform, { name: next(`FROM ${imageName(image)}`), at, stage }), history: [] };
  }

  #localContext(
    contextName: string,
    context: { readonly name: string; readonly ignorePatterns: readonly string[] },
  ): LocalSource {
    return this.#trees.local(context.name, context.ignorePatterns, { name: `[context ${contextName}] load from client` });
  }

  #checkPlatform({ stage }: PlannedStage, wanted: Platform, { config }: ResolvedImage): void {
    if (samePlatform(config.platform, wanted)) return;
    const message = `Base image ${stage.from.image.text} was pulled with platform "${formatPlatform(config.platform)}", expected "${formatPlatform(wanted)}" for current build`;
    this.warnings.push({ rule: 'InvalidBaseImagePlatform', message, at: stage.from.image.span });
  }

  #built(index: number): StageBuild {
    const build = this.#builds.get(index);
    if (build === undefined)
      throw new SlipwayError('FE_INTERNAL', `stage ${index} is used before it is built`, { class: 'internal' });
    return build;
  }

  #image(build: StageBuild, { edge }: Sealed): CompiledImage {
    const { labels = {}, targetPlatform } = this.#options;
    const { author, unknown, baseDiffIds, baseHistory, imagePlatform } = build;
    const config = wholeConfig(build);
    const isSame = imagePlatform?.os === targetPlatform.os && imagePlatform.architecture === targetPlatform.architecture;
    const epochSec = this.#epochSec;
    const created = epochSec === undefined ? {} : { created: new Date(epochSec * 1000).toISOString().replace('.000Z', 'Z') };
    const history = build.history.map(({ createdBy, layer }): CompiledHistory => {
      const vertex = edge(layer?.tree);
      const emptyLayer = layer === undefined;
      return { ...created, createdBy, comment: 'buildkit.dockerfile.v0', emptyLayer, ...(vertex ? { vertex } : {}) };
    });
    return {
      platform: isSame ? { ...imagePlatform, ...targetPlatform } : targetPlatform,
      config: Object.keys(labels).length === 0 ? config : { ...config, Labels: { ...config.Labels, ...labels } },
      author,
      unknown,
      baseDiffIds,
      baseHistory,
      history,
      ...(epochSec === undefined ? {} : { epochSec }),
    };
  }

  #compiledStage(index: number, targets: ReadonlySet<number>, { edge }: Sealed): CompiledStage {
    const { label, tree } = this.#built(index);
    const vertices = this.#drafts.ofStage(index).flatMap((draft) => edge(draft)?.vertex ?? []);
    return {
      index,
      name: this.#file.stages[index]?.name,
      displayName: label.displayName,
      result: edge(tree),
      vertices: [...new Set(vertices)],
      isTarget: targets.has(index),
    };
  }
}

function takesFromElsewhere({ instructions }: PlannedStage): boolean {
  return instructions.some(({ instruction }) =>
    instruction.kind === 'copy'
      ? instruction.from !== undefined && !/^\d+$/.test(instruction.from.text)
      : instruction.kind === 'run' && instruction.mounts.some(({ from }) => from !== undefined),
  );
}

/** `docker.io/library/alpine:3.20@sha256:…`: the identifier without its scheme. */
function imageName(image: ResolvedImage | undefined): string {
  return image?.identifier.replace(/^[a-z+-]+:\/\//, '') ?? 'scratch';
}
