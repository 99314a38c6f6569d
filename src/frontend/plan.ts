import { SlipwayError, type SourceSpan } from '../base/index.ts';
import {
  type Dockerfile,
  expandWord,
  type FromInstruction,
  type OnbuildInstruction,
  parseTrigger,
  type RunInstruction,
  type Stage,
  type StageInstruction,
  type Word,
} from '../dockerfile/index.ts';
import { type Platform, parsePlatform } from '../oci/index.ts';
import type { GlobalArgs } from './globals.ts';
import { Images } from './images.ts';
import type { CompileOptions, FrontendPorts } from './options.ts';
import { createOrigins, type Origin, type Origins } from './origins.ts';

/** One instruction of a stage; a trigger came from ONBUILD of its base. */
export interface PlannedInstruction {
  readonly instruction: StageInstruction;
  readonly isTrigger: boolean;
  /** Where errors point: the instruction, or the FROM that pulled the trigger. */
  readonly at: SourceSpan;
}

/** A stage the target needs. */
export interface PlannedStage {
  readonly stage: Stage;
  readonly displayName: string;
  readonly origin: Origin;
  /** What the base is looked up for; `undefined` when the stage takes its platform from another stage. */
  readonly platform: Platform | undefined;
  /** A named context stands in for the whole stage: none of its instructions run. */
  readonly isReplaced: boolean;
  readonly instructions: readonly PlannedInstruction[];
}

export interface Plan {
  /** In the order of the file; every one comes after the stages it needs. */
  readonly stages: readonly PlannedStage[];
  readonly images: Images;
  readonly origins: Origins;
}

export function displayName(stage: Stage): string {
  return stage.name ?? `stage-${stage.index}`;
}

/**
 * Find what `target` needs, look its images up, and what their ONBUILD triggers need besides.
 *
 * @throws {SlipwayError} `FE_CIRCULAR`, `FE_STAGE_ORDER`, `FE_BLANK_BASE`, `FE_BAD_PLATFORM`, `FE_UNKNOWN_STAGE`,
 * `FE_BAD_TRIGGER`, and what the ports throw.
 */
export async function planStages(
  file: Dockerfile,
  target: Stage,
  globals: GlobalArgs,
  options: CompileOptions,
  ports: FrontendPorts,
  signal: AbortSignal,
): Promise<Plan> {
  const planner = new Planner(file, globals, options, ports);
  planner.visit(target);
  do {
    planner.checkOrder();
  } while ((await planner.images.resolve(signal)) && planner.addImageTriggers());
  return planner.plan();
}

interface Need {
  readonly stage: Stage;
  readonly at: SourceSpan;
  readonly complain: (user: string) => SlipwayError;
}

interface Visited {
  readonly stage: Stage;
  readonly origin: Origin;
  readonly platform: Platform | undefined;
  readonly isReplaced: boolean;
  readonly needs: Need[];
  readonly triggers: StageInstruction[];
  hasImageTriggers: boolean;
}

class Planner {
  readonly images: Images;
  readonly #file: Dockerfile;
  readonly #globals: GlobalArgs;
  readonly #options: CompileOptions;
  readonly #origins: Origins;
  readonly #visited = new Map<number, Visited>();

  constructor(file: Dockerfile, globals: GlobalArgs, options: CompileOptions, ports: FrontendPorts) {
    this.#file = file;
    this.#globals = globals;
    this.#options = options;
    this.#origins = createOrigins(file, options.contexts);
    this.images = new Images(
      ports,
      file.stages.flatMap(({ name }) => name ?? []),
    );
  }

  visit(stage: Stage): void {
    if (this.#visited.has(stage.index)) return;
    const { origin, platform, isReplaced } = this.#base(stage);
    const visited: Visited = { stage, origin, platform, isReplaced, needs: [], triggers: [], hasImageTriggers: false };
    this.#visited.set(stage.index, visited);
    this.images.want(origin, platform ?? this.#options.targetPlatform, stage.from.image.span);
    if (isReplaced) return;
    const base = origin.kind === 'stage' ? this.#file.stages[origin.index] : undefined;
    if (base) {
      this.visit(base);
      visited.needs.push({ stage: base, at: stage.from.span, complain: () => circular(stage, stage.from.span) });
      if (!this.#visited.get(base.index)?.isReplaced) {
        const onbuilds = base.instructions.filter((one): one is OnbuildInstruction => one.kind === 'onbuild');
        visited.triggers.push(...onbuilds.flatMap(({ trigger }) => trigger ?? []));
      }
    }
    for (const trigger of visited.triggers) this.#visitSources(visited, trigger, stage.from.span);
    for (const instruction of stage.instructions) this.#visitSources(visited, instruction, instruction.span);
  }

  /** Triggers of images that arrived. @returns whether there were any. */
  addImageTriggers(): boolean {
    let added = false;
    for (const visited of this.#visited.values()) {
      // Visiting adds stages; they have their turn too.
      if (visited.hasImageTriggers || visited.isReplaced) continue;
      const image = this.images.get(visited.origin, visited.platform ?? this.#options.targetPlatform);
      if (image === undefined) continue;
      visited.hasImageTriggers = true;
      const { from } = visited.stage;
      for (const text of image.config.config.OnBuild ?? []) {
        const trigger = readTrigger(text, from);
        visited.triggers.push(trigger);
        this.#visitSources(visited, trigger, from.span);
        added = true;
      }
    }
    return added;
  }

  /** Refuse circles first, then what is defined too late. */
  checkOrder(): void {
    const visited = [...this.#visited.values()].sort((a, b) => a.stage.index - b.stage.index);
    const done = new Set<Stage>();
    for (const { stage } of visited) this.#refuseCircle(stage, stage, done, new Set());
    for (const { stage, needs } of visited) {
      for (const need of needs) if (need.stage.index >= stage.index) throw need.complain(displayName(stage));
    }
  }

  plan(): Plan {
    const stages = [...this.#visited.values()]
      .sort((a, b) => a.stage.index - b.stage.index)
      .map(({ stage, origin, platform, isReplaced, triggers }): PlannedStage => {
        const own = stage.instructions.map((instruction) => ({ instruction, isTrigger: false, at: instruction.span }));
        const before = triggers.map((instruction) => ({ instruction, isTrigger: true, at: stage.from.span }));
        const instructions = isReplaced ? [] : [...before, ...own];
        return { stage, displayName: displayName(stage), origin, platform, isReplaced, instructions };
      });
    return { stages, images: this.images, origins: this.#origins };
  }

  #base(stage: Stage): Pick<Visited, 'origin' | 'platform' | 'isReplaced'> {
    const { image, platform: flag } = stage.from;
    const platform = flag && this.#platform(flag);
    const wanted = platform ?? this.#options.targetPlatform;
    const context = stage.name === undefined ? undefined : this.#origins.context(stage.name, wanted);
    if (context && stage.name !== undefined)
      return { origin: { kind: 'context', name: stage.name, context }, platform: wanted, isReplaced: true };
    const text = this.#expand(image);
    if (text === '') {
      throw new SlipwayError('FE_BLANK_BASE', `base name (${image.text}) should not be blank`, {
        at: image.span,
        hint: 'FROM sees only ARGs that stand before the first FROM; give the ARG a default, or pass it with --build-arg',
      });
    }
    const origin = this.#origins.base(text, stage.index, wanted, image.span);
    return { origin, platform: origin.kind === 'stage' ? undefined : wanted, isReplaced: false };
  }

  #platform(flag: Word): Platform {
    const text = this.#expand(flag);
    if (text === '')
      throw new SlipwayError('FE_BAD_PLATFORM', `empty platform value from expression ${flag.text}`, { at: flag.span });
    try {
      return parsePlatform(text, this.#options.targetPlatform);
    } catch (cause) {
      const hint = 'write it as os/arch[/variant], for example linux/arm64';
      throw new SlipwayError('FE_BAD_PLATFORM', `failed to parse platform ${text}`, { at: flag.span, cause, hint });
    }
  }

  #expand(word: Word): string {
    return expandWord(word, (name) => this.#globals.get(name), { escape: this.#file.directives.escape }).value;
  }

  #visitSources(visited: Visited, instruction: StageInstruction, at: SourceSpan): void {
    const { targetPlatform } = this.#options;
    if (instruction.kind === 'copy' && instruction.from) {
      const { from } = instruction;
      const complain = (user: string): SlipwayError => copyOrder(from.text, user, visited.stage, at);
      this.#need(visited, this.#origins.copyFrom(from, targetPlatform), at, complain);
    }
    if (instruction.kind === 'run') {
      for (const mount of instruction.mounts) {
        if (mount.from === undefined || mount.from === '') continue;
        const complain = (): SlipwayError => mountOrder(mount, at);
        this.#need(visited, this.#origins.from(mount.from, targetPlatform, mount.span), at, complain);
      }
    }
  }

  #need(visited: Visited, origin: Origin, at: SourceSpan, complain: Need['complain']): void {
    this.images.want(origin, this.#options.targetPlatform, at);
    const stage = origin.kind === 'stage' ? this.#file.stages[origin.index] : undefined;
    if (stage === undefined) return;
    visited.needs.push({ stage, at, complain });
    this.visit(stage);
  }

  #refuseCircle(start: Stage, stage: Stage, done: Set<Stage>, path: Set<Stage>): void {
    if (done.has(stage)) return;
    path.add(stage);
    for (const need of this.#visited.get(stage.index)?.needs ?? []) {
      if (path.has(need.stage)) throw circular(start, need.at);
      this.#refuseCircle(start, need.stage, done, path);
    }
    path.delete(stage);
    done.add(stage);
  }
}

function circular(stage: Stage, at: SourceSpan): SlipwayError {
  return new SlipwayError('FE_CIRCULAR', `circular dependency detected on stage: ${displayName(stage)}`, {
    at,
    hint: 'a stage may use only stages above it',
  });
}

function copyOrder(from: string, user: string, stage: Stage, at: SourceSpan): SlipwayError {
  return new SlipwayError(
    'FE_STAGE_ORDER',
    `cannot copy from stage "${from}", it needs to be defined before current stage "${user}"`,
    {
      at,
      hint: `move the stage above line ${stage.from.line}`,
    },
  );
}

function mountOrder(mount: RunInstruction['mounts'][number], at: SourceSpan): SlipwayError {
  const target = mount.fields.find(({ key }) => key === 'target' || key === 'dst' || key === 'destination')?.value ?? '';
  return new SlipwayError(
    'FE_STAGE_ORDER',
    `cannot mount from stage "${mount.from}" to "${target}", stage needs to be defined before current command`,
    { at, hint: 'move the stage above the one that mounts it' },
  );
}

/** The instruction of one `OnBuild` entry of an image config. @throws {SlipwayError} `FE_BAD_TRIGGER` at `from` */
function readTrigger(text: string, from: FromInstruction): StageInstruction {
  const { instruction, diagnostics } = parseTrigger(text, from.span);
  const mistake = diagnostics.find(({ severity }) => severity === 'error');
  if (mistake === undefined && instruction !== undefined) return instruction;
  const why = mistake?.message ?? 'it holds no instruction';
  throw new SlipwayError('FE_BAD_TRIGGER', `an ONBUILD trigger of \`${from.image.text}\` can't run: ${why}`, { at: from.span });
}
