import { settleAll, type SlipwayError } from '../base/index.ts';
import { type Dockerfile, Growth } from '../dockerfile/index.ts';
import { formatPlatform } from '../oci/index.ts';
import type { Compiled, CompiledTarget, CompiledTargets, CompileWarning } from './compiled.ts';
import { Drafts } from './draft.ts';
import { resolveEpoch } from './epoch.ts';
import { checkSyntax, globalArgs } from './globals.ts';
import type { CompileOptions, FrontendPorts, ResolvedImage } from './options.ts';
import { displayName, planStages } from './plan.ts';
import { StageCompiler } from './stage-compiler.ts';
import { findTarget } from './stages.ts';
import { Trees } from './trees.ts';

/**
 * Turn a Dockerfile without errors into a graph and an image config. Only stages that the target needs are looked at:
 * no other image is looked up, no other variable expanded.
 *
 * @throws {SlipwayError} codes `FE_…` and `DF_…`, at their place in the file; and what the ports throw.
 */
export async function compile(
  file: Dockerfile,
  options: CompileOptions,
  ports: FrontendPorts,
  signal: AbortSignal,
): Promise<Compiled> {
  const { targets, ...shared } = await compileTargets(file, [options.target], options, ports, signal);
  return { ...shared, ...(targets[0] as CompiledTarget) };
}

/**
 * Like `compile`, for several targets in one graph: what they share is one vertex, and each image is looked up once. Each target sees its own
 * TARGETSTAGE. `targets` of the answer has one member for each of `names`, in their order; `undefined` names the last stage.
 */
export async function compileTargets(
  file: Dockerfile,
  names: readonly (string | undefined)[],
  options: CompileOptions,
  ports: FrontendPorts,
  signal: AbortSignal,
): Promise<CompiledTargets> {
  checkSyntax(file, options.buildArgs);
  const requests = names.map((name) => ({ target: findTarget(file, name), options: { ...options, target: name } }));
  const report = (error: SlipwayError): never => {
    throw error;
  };
  const once = oncePerImage(ports);
  const plans = await settleAll(requests, async ({ target, options: own }) => {
    const epoch = await resolveEpoch(file, own, globalArgs(file, own), once);
    return {
      target,
      plan: await planStages(
        { file, targets: [target], globals: epoch.globals, options: epoch.options, ports: once, report },
        signal,
      ),
      epoch,
    };
  });
  const drafts = new Drafts();
  const trees = new Trees(drafts);
  const growth = new Growth();
  const compilers = plans.map(({ target, plan, epoch }) => {
    const compiler = new StageCompiler(file, epoch, plan, { drafts, trees, growth });
    for (const stage of plan.stages) compiler.build(stage, report);
    return { target, plan, compiler };
  });
  const sealed = drafts.seal();
  const isTarget = new Set(requests.map(({ target }) => target.index));
  const stages = new Map(
    compilers.flatMap(({ compiler }) => compiler.stages(isTarget, sealed)).map((stage) => [stage.index, stage]),
  );
  const skipped = file.stages.filter(({ index }) => !stages.has(index));
  return {
    graph: { vertices: sealed.graph.vertices },
    targets: compilers.map(({ target, compiler }) => compiler.finish(target, sealed)),
    stages: [...stages.values()].sort((a, b) => a.index - b.index),
    skippedStages: skipped.map((stage) => ({ name: displayName(stage), line: stage.from.line })),
    names: sealed.names,
    locations: sealed.locations,
    stageOf: sealed.stageOf,
    ignoreCache: sealed.ignoreCache,
    warnings: withoutRepeats(compilers.flatMap(({ compiler }) => compiler.warnings)),
  };
}

function oncePerImage({ resolveImage, contextTime }: FrontendPorts): FrontendPorts {
  const asked = new Map<string, Promise<ResolvedImage>>();
  const times = new Map<string | undefined, Promise<number | undefined>>();
  return {
    contextTime(name) {
      const known = times.get(name) ?? contextTime(name);
      times.set(name, known);
      return known;
    },
    resolveImage(reference, platform, at) {
      const key = `${reference} ${formatPlatform(platform)}`;
      const known = asked.get(key) ?? resolveImage(reference, platform, at);
      asked.set(key, known);
      return known;
    },
  };
}

/** Of targets that share a stage, each finds the same there. */
function withoutRepeats(warnings: readonly CompileWarning[]): readonly CompileWarning[] {
  return [
    ...new Map(warnings.map((warning) => [`${warning.rule} ${warning.at.start.line} ${warning.message}`, warning])).values(),
  ];
}
