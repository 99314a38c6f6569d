import { SlipwayError } from '../base/index.ts';
import { type Dockerfile, Growth, type StageInstruction, variablesIn } from '../dockerfile/index.ts';
import { digestOf, formatPlatform } from '../oci/index.ts';
import { Drafts } from './draft.ts';
import { resolveEpoch } from './epoch.ts';
import { checkSyntax, globalArgs } from './globals.ts';
import type { CompileOptions, FrontendPorts } from './options.ts';
import { planStages } from './plan.ts';
import type { StageBuild } from './stage-build.ts';
import { StageCompiler } from './stage-compiler.ts';
import { findTarget } from './stages.ts';
import { Trees } from './trees.ts';

export interface CompileMistake {
  readonly error: SlipwayError;
  /** Where building a stage stops; `undefined` for what is found before any stage is built. */
  readonly instruction: StageInstruction | undefined;
}

/**
 * What `compile` would refuse, all of it: mistakes in names first, then those of each stage. Without a target every
 * stage is looked at.
 *
 * Without ports no image is looked up. What can only be judged by the variables of a base image is not judged then.
 */
export async function findMistakes(
  file: Dockerfile,
  options: CompileOptions,
  ports: FrontendPorts | undefined,
  signal: AbortSignal,
): Promise<readonly CompileMistake[]> {
  const found: CompileMistake[] = [];
  const report = (error: SlipwayError): void => {
    found.push({ error, instruction: undefined });
  };
  try {
    checkSyntax(file, options.buildArgs);
    const asked = ports ?? unknownImages;
    const epoch = await resolveEpoch(file, options, globalArgs(file, options), asked);
    const { globals } = epoch;
    const targets = options.target === undefined || options.target === '' ? file.stages : [findTarget(file, options.target)];
    const plan = await planStages({ file, targets, globals, options: epoch.options, ports: asked, report }, signal);
    const drafts = new Drafts();
    const growth = new Growth();
    const compiler = new StageCompiler(file, epoch, plan, { drafts, trees: new Trees(drafts), growth });
    for (const stage of plan.stages) {
      compiler.build(stage, (error, { build, instruction }) => {
        // Once the file is too long as a whole, each word is.
        if (growth.isTooMuch) throw error;
        if (ports !== undefined || !dependsOnImage(build, instruction)) found.push({ error, instruction });
      });
    }
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.class === 'cancelled') throw thrown;
    report(thrown);
  }
  return found;
}

/** Stands in for every image: it says nothing of itself. */
const unknownImages: FrontendPorts = {
  contextTime: () => Promise.resolve(undefined),
  resolveImage: async (reference, platform) => {
    const digest = digestOf(`${reference} ${formatPlatform(platform)}`);
    const config = { platform, config: {}, diffIds: [], history: [], unknown: {} };
    return { identifier: `docker-image://${reference}@${digest}`, digest, config };
  },
};

/** Does the instruction use a variable that only the base image can have set? */
function dependsOnImage({ env, args, imagePlatform }: StageBuild, instruction: StageInstruction): boolean {
  if (imagePlatform === undefined) return false;
  return textsOf(instruction).some((text) => variablesIn(text).some((name) => !env.has(name) && !args.has(name)));
}

/** What the builder expands of it. */
function textsOf(instruction: StageInstruction): readonly string[] {
  switch (instruction.kind) {
    case 'run':
      return instruction.mounts.map(({ text }) => text);
    case 'copy':
    case 'add':
      return [instruction.original, ...instruction.heredocs.map(({ content }) => content)];
    default:
      return [instruction.original];
  }
}
