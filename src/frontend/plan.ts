import { SlipwayError, type SourceSpan } from '../base/index.ts';
import {
  type Dockerfile,
  expandWord,
  type FromInstruction,
  Growth,
  inheritedTrigger,
  parseTrigger,
  type RunInstruction,
  type Stage,
  type StageInstruction,
  type Word,
} from '../dockerfile/index.ts';
import { type Platform, parsePlatform } from '../oci/index.ts';
import type { GlobalArgs } from './globals.ts';
import { Images } from './images.ts';
import type { CompileOptions, FrontendPorts, ResolvedImage } from './options.ts';
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
 * What to do with a mistake. A build throws it; who returns from here wants to hear of the others, too, and gets a plan
 * without what was wrong.
 */
export type Report = (error: SlipwayError) => void;

export interface PlanRequest {
  readonly file: Dockerfile;
  /** The stages that are wanted. */
  readonly targets: readonly Stage[];
  readonly globals: GlobalArgs;
  readonly options: CompileOptions;
  readonly ports: FrontendPorts;
  readonly report: Report;
}

/**
 * Find what the targets need, look its images up, and what their ONBUILD triggers need besides. Names of bases and
 * sources must be right in all stages, as for BuildKit; images are looked up for those that are needed.
 *
 * Reports `FE_CIRCULAR`, `FE_STAGE_ORDER`, `FE_BLANK_BASE`, `FE_BAD_PLATFORM`, `FE_UNKNOWN_STAGE`, `FE_BAD_TRIGGER`,
 * `OCI_BAD_REFERENCE`, and what the ports throw.
 */
export async function planStages(request: PlanRequest, signal: AbortSignal): Promise<Plan> {
  const planner = new Planner(request);
  planner.read();
  for (const target of request.targets) planner.reach(target.index);
  do {
    planner.checkOrder();
  } while ((await planner.images.resolve(signal)) && planner.addImageTriggers());
  return planner.plan();
}

/** Something that an instruction takes files from. */
interface Need {
  readonly origin: Origin;
  readonly at: SourceSpan;
  readonly instruction: StageInstruction;
  readonly complain: (user: string) => SlipwayError;
}

interface ReadStage {
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
  readonly #report: Report;
  readonly #origins: Origins;
  readonly #stages: ReadStage[] = [];
  readonly #needed = new Set<ReadStage>();
  readonly #broken = new Set<StageInstruction>();
  readonly #growth = new Growth();

  constructor({ file, globals, options, ports, report }: PlanRequest) {
    this.#file = file;
    this.#globals = globals;
    this.#options = options;
    this.#report = report;
    this.#origins = createOrigins(file, options.contexts);
    this.images = new Images(
      ports,
      file.stages.flatMap(({ name }) => name ?? []),
      report,
    );
  }

  /** What every stage starts from, then what its instructions take from elsewhere. */
  read(): void {
    for (const stage of this.#file.stages) {
      const base = this.#attempt(() => this.#base(stage));
      const { origin, platform, isReplaced } = base ?? { origin: nothing, platform: undefined, isReplaced: false };
      this.#stages.push({ stage, origin, platform, isReplaced, needs: [], triggers: [], hasImageTriggers: false });
    }
    for (const read of this.#stages) {
      if (read.isReplaced) continue;
      for (const instruction of read.stage.instructions) this.#readSources(read, instruction, instruction.span);
    }
    const done = new Set<number>();
    for (const { stage } of this.#stages) {
      const path = new Set<number>();
      walkDepthFirst(this.#refusingCircle(stage, stage.index, done, path), (next) =>
        this.#refusingCircle(stage, next, done, path),
      );
    }
  }

  /** Note that a stage is needed, and all it needs. */
  reach(index: number): void {
    walkDepthFirst(this.#reaching(index), (next) => this.#reaching(next));
  }

  /** Yields what is to be reached before it goes on. */
  *#reaching(index: number): Generator<number, void> {
    const read = this.#stages[index];
    if (read === undefined || this.#needed.has(read)) return;
    this.#needed.add(read);
    const { stage, origin, platform, isReplaced } = read;
    this.images.want(origin, platform ?? this.#options.targetPlatform, stage.from.image.span);
    if (isReplaced) return;
    if (origin.kind === 'stage') {
      yield origin.index;
      const base = this.#stages[origin.index];
      if (base !== undefined && !base.isReplaced) this.#addStageTriggers(read, base.stage);
    }
    for (const need of read.needs) {
      this.images.want(need.origin, this.#options.targetPlatform, need.at);
      if (need.origin.kind === 'stage') yield need.origin.index;
    }
  }

  /** Triggers of images that arrived. @returns whether there were any. */
  addImageTriggers(): boolean {
    let added = false;
    // What a trigger needs is added while this runs, and has its turn too.
    for (const read of this.#needed) {
      const image = read.hasImageTriggers ? undefined : this.#imageOf(read);
      if (image === undefined) continue;
      read.hasImageTriggers = true;
      const known = read.needs.length;
      for (const text of image.config.config.OnBuild ?? []) {
        this.#readTrigger(read, text);
        added = true;
      }
      for (const need of read.needs.slice(known)) this.#reachNeed(need);
    }
    return added;
  }

  /** Refuse what is defined too late. */
  checkOrder(): void {
    for (const { stage, needs } of this.#neededInOrder()) {
      for (const { origin, instruction, complain } of needs) {
        const isTooLate = origin.kind === 'stage' && origin.index >= stage.index;
        if (isTooLate && !this.#broken.has(instruction)) this.#refuse(instruction, complain(displayName(stage)));
      }
    }
  }

  plan(): Plan {
    const stages = this.#neededInOrder().map(({ stage, origin, platform, isReplaced, triggers }): PlannedStage => {
      const own = stage.instructions.map((instruction) => ({ instruction, isTrigger: false, at: instruction.span }));
      const before = triggers.map((instruction) => ({ instruction, isTrigger: true, at: stage.from.span }));
      const instructions = isReplaced ? [] : [...before, ...own].filter(({ instruction }) => !this.#broken.has(instruction));
      return { stage, displayName: displayName(stage), origin, platform, isReplaced, instructions };
    });
    return { stages, images: this.images, origins: this.#origins };
  }

  #neededInOrder(): readonly ReadStage[] {
    return this.#stages.filter((read) => this.#needed.has(read));
  }

  #imageOf({ origin, platform, isReplaced }: ReadStage): ResolvedImage | undefined {
    return isReplaced ? undefined : this.images.get(origin, platform ?? this.#options.targetPlatform);
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof SlipwayError)) throw thrown;
      this.#report(thrown);
      return undefined;
    }
  }

  #refuse(instruction: StageInstruction, error: SlipwayError): void {
    this.#broken.add(instruction);
    this.#report(error);
  }

  #base(stage: Stage): Pick<ReadStage, 'origin' | 'platform' | 'isReplaced'> {
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
    return expandWord(word, (name) => this.#globals.get(name), {
      escape: this.#file.directives.escape,
      growth: this.#growth,
    }).value;
  }

  #readSources(read: ReadStage, instruction: StageInstruction, at: SourceSpan): void {
    const { targetPlatform } = this.#options;
    const need = (origin: () => Origin, complain: Need['complain']): void => {
      const found = this.#attempt(origin);
      if (found === undefined) this.#broken.add(instruction);
      else read.needs.push({ origin: found, at, instruction, complain });
    };
    if (instruction.kind === 'copy' && instruction.from) {
      const { from } = instruction;
      need(
        () => this.#origins.copyFrom(from, targetPlatform),
        (user) => copyOrder(from.text, user, read.stage, at),
      );
    }
    if (instruction.kind === 'run') {
      for (const mount of instruction.mounts) {
        const { from } = mount;
        if (from === undefined || from === '') continue;
        need(
          () => this.#origins.from(from, targetPlatform, mount.span),
          () => mountOrder(mount, at),
        );
      }
    }
  }

  #addStageTriggers(read: ReadStage, base: Stage): void {
    const { triggers } = base;
    if (triggers.length === 0 || this.#growth.isTooMuch) return;
    this.#attempt(() => {
      this.#growth.add(triggers.length * inheritedTrigger, read.stage.from.span);
      for (const { text } of triggers) this.#readTrigger(read, text);
    });
  }

  #readTrigger(read: ReadStage, text: string): void {
    const trigger = this.#attempt(() => readTrigger(text, read.stage.from));
    if (trigger !== undefined) this.#addTrigger(read, trigger);
  }

  #addTrigger(read: ReadStage, trigger: StageInstruction): void {
    read.triggers.push(trigger);
    this.#readSources(read, trigger, read.stage.from.span);
  }

  #reachNeed({ origin, at }: Need): void {
    this.images.want(origin, this.#options.targetPlatform, at);
    if (origin.kind === 'stage') this.reach(origin.index);
  }

  /** Yields what is to be looked at before it goes on. */
  *#refusingCircle(start: Stage, index: number, done: Set<number>, path: Set<number>): Generator<number, void> {
    const read = this.#stages[index];
    if (read === undefined || done.has(index)) return;
    path.add(index);
    for (const { origin, instruction, at } of read.needs) {
      if (origin.kind !== 'stage') continue;
      if (path.has(origin.index)) this.#refuse(instruction, circular(start, at));
      else yield origin.index;
    }
    path.delete(index);
    done.add(index);
  }
}

/** Visit what `first` yields, and what that yields, deepest first. A file may have more stages than the call stack has room for. */
function walkDepthFirst<T>(first: Iterator<T, void>, visit: (next: T) => Iterator<T, void>): void {
  const open = [first];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.next();
    if (next.done === true) open.pop();
    else open.push(visit(next.value));
  }
}

const nothing: Origin = { kind: 'scratch' };

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
