import { expandWord, isSecretName } from '../dockerfile/index.ts';
import { formatPlatform, type Platform, samePlatform } from '../oci/index.ts';
import type { PlannedStage } from './plan.ts';
import type { Step } from './stage-build.ts';

/** Counts the steps of one stage and puts `[build 2/3] ` before their text. */
export class StepNames {
  readonly #head: string;
  readonly #total: number;
  #done = 0;

  constructor(head: string, total: number) {
    this.#head = head;
    this.#total = total;
  }

  /** Name the next step. */
  next(text: string, isTrigger = false): string {
    this.#done += 1;
    if (this.#total === 0) return text;
    const count = String(this.#done).padStart(String(this.#total).length);
    return `[${this.#head}${count}/${this.#total}] ${isTrigger ? 'ONBUILD ' : ''}${text}`;
  }

  /** Name the step that was named last, with another text. */
  again(text: string, isTrigger = false): string {
    this.#done -= 1;
    return this.next(text, isTrigger);
  }
}

/**
 * The names of a stage's steps. FROM counts when it brings an image or a context; then RUN, COPY, ADD and WORKDIR. A
 * file with one stage that copies from nowhere else needs no stage name.
 */
export function stepNames(
  plan: PlannedStage,
  isAlone: boolean,
  platforms: { readonly own: Platform; readonly build: Platform; readonly target: Platform },
): StepNames {
  const counted = plan.instructions.filter(
    ({ instruction: { kind } }) => kind === 'run' || kind === 'copy' || kind === 'add' || kind === 'workdir',
  );
  const hasFrom = plan.origin.kind === 'image' || plan.origin.kind === 'context';
  const total = plan.isReplaced ? 0 : counted.length + (hasFrom ? 1 : 0);
  const platform = samePlatform(platforms.build, platforms.target) ? '' : `${crossName(platforms.own, platforms.target)} `;
  return new StepNames(`${platform}${isAlone ? '' : `${plan.displayName} `}`, total);
}

/** `linux/amd64->arm64`: what runs here, and what it is made for. */
function crossName(own: Platform, target: Platform): string {
  if (samePlatform(own, target)) return formatPlatform(own);
  const whole = formatPlatform(target);
  return `${formatPlatform(own)}->${own.os === target.os ? whole.slice(target.os.length + 1) : whole}`;
}

/** The text of an instruction that the builder expands: its first word in capitals, variables filled in, quotes gone. */
export function expandedText(step: Step): string {
  const text = upperKeyword(step.instruction.original);
  try {
    return expandWord(text, (name) => step.build.env.get(name), step.compilation).value;
  } catch {
    return text; // A name is no reason to stop: words of the instruction are expanded one by one, where it counts.
  }
}

/** A name is to be read. */
const maxFilledIn = 1 << 16;

/** The text of a RUN: known variables filled in as a hint, everything else as written. Secrets, and what is called like one, stay hidden. */
export function shellText(step: Step, text: string, secretNames: ReadonlySet<string>): string {
  let filledIn = 0;
  const value = (whole: string, name: string): string => {
    if (secretNames.has(name)) return '****';
    const known = isSecretName(name) ? undefined : step.build.env.get(name);
    if (known === undefined || filledIn + known.length > maxFilledIn) return whole;
    filledIn += known.length;
    return known;
  };
  const variables = (part: string): string =>
    part.replace(/\\[\s\S]|\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      return name === undefined ? whole : value(whole, name);
    });
  const parts = /"(?:\\[\s\S]|[^"\\])*"|'[^']*'|(?:\\[\s\S]|[^"'\\])+|[\s\S]/g;
  return upperKeyword(text).replace(parts, (part) => (part.startsWith("'") ? part : variables(part)));
}

function upperKeyword(text: string): string {
  return text.replace(/^\S+/, (keyword) => keyword.toUpperCase());
}
