import { nearest, SlipwayError } from '../base/index.ts';

/** A step's progress name, taken apart: `[build 2/3] RUN make`. */
export interface StepName {
  /** The name of its stage; `undefined` where the build has one stage only. */
  readonly stage?: string | undefined;
  /** 1-based, in its stage. */
  readonly number: number;
  readonly total: number;
  readonly instruction: string;
}

const shape =
  /^\[(?:(?:[a-z0-9]+\/\S+ )?(?<stage>[^\]\s]+) )? *(?<number>\d+)\/(?<total>\d+)\] (?:ONBUILD )?(?<instruction>[\s\S]*)$/;

/** Take a progress name apart; `undefined` for what is no step of a stage, such as `[internal] load build context`. */
export function parseStepName(name: string): StepName | undefined {
  const { stage, number, total, instruction } = shape.exec(name)?.groups ?? {};
  if (number === undefined || total === undefined || instruction === undefined) return undefined;
  const isPlatform = stage?.includes('/') === true;
  return { ...(isPlatform ? {} : { stage }), number: Number(number), total: Number(total), instruction };
}

/**
 * The names that `wanted` means, which people write as they see it: a number in the stage (`3`), the stage and perhaps a number
 * (`build`, `build 3`, `build 3/5`), the name itself (`[build 3/5] RUN make`), or the beginning of the instruction (`run make`).
 */
export function matchSteps(names: readonly string[], wanted: string): readonly string[] {
  const text = flat(wanted);
  const place = /^\[?(?:(?<stage>[^\]\s]+) )?(?<number>\d+)(?:\/(?<total>\d+))?(?:\]|$)/.exec(text)?.groups;
  const test = (is: (step: StepName) => boolean): readonly string[] =>
    names.filter((name) => {
      const step = parseStepName(name);
      return step !== undefined && is(step);
    });
  if (place !== undefined) {
    const { stage, number, total } = place;
    return test(
      (step) =>
        (stage === undefined || stage === step.stage?.toLowerCase()) &&
        Number(number) === step.number &&
        (total === undefined || Number(total) === step.total),
    );
  }
  const ofStage = test((step) => step.stage?.toLowerCase() === text);
  return ofStage.length > 0 ? ofStage : test((step) => flat(step.instruction).startsWith(text));
}

/**
 * The one name that `wanted` means; see `matchSteps`.
 * @throws {SlipwayError} `BUILD_NO_STEP`: none, or several
 */
export function findStep(names: readonly string[], wanted: string): string {
  const found = matchSteps(names, wanted);
  const [name] = found;
  if (name === undefined) throw noStep(names, wanted);
  if (found.length > 1) {
    throw new SlipwayError('BUILD_NO_STEP', `\`${wanted}\` means ${found.length} steps of this build`, {
      hint: `say which: ${shortList(found)}`,
    });
  }
  return name;
}

/** No step of `names` is called `wanted`. */
export function noStep(names: readonly string[], wanted: string): SlipwayError {
  const steps = names.filter((name) => parseStepName(name) !== undefined);
  const stages = new Set(steps.flatMap((name) => parseStepName(name)?.stage ?? []));
  const meant = nearest(wanted, stages);
  const hint =
    steps.length === 0
      ? 'it did not come as far as its first step'
      : meant === undefined
        ? `give a number, \`STAGE NUMBER\`, or how the instruction begins; there are ${shortList(steps)}`
        : `did you mean \`${meant}\`?`;
  return new SlipwayError('BUILD_NO_STEP', `this build has no step \`${wanted}\``, { hint });
}

const listed = 6;
const nameLength = 40;

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, listed).map((name) => {
    const line = name.replace(/\s+/g, ' ');
    return `\`${line.length > nameLength ? `${line.slice(0, nameLength - 1)}…` : line}\``;
  });
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** In one line and small letters: nobody types the blanks of a Dockerfile. */
function flat(text: string): string {
  return text.trim().replace(/\s+/g, ' ').toLowerCase();
}
