import type { BuildEvent, StepId } from '../ports.ts';
import { PlainStep } from './plain-step.ts';
import { logTime, type Renderer, type RendererOptions, skippedLine } from './renderer.ts';
import { whyLine } from './why.ts';
import { warningText } from './warning-text.ts';

/** A step keeps its turn about so long, longer when it says the most. */
const turnMs = 5000;
/** No step waits longer for a turn. */
const maxWaitMs = 10_000;

/**
 * The plain log: one step has the turn, its lines carry its number. Ended steps are shown at once; of the running ones
 * another gets the turn only after a while, so that the log can be read.
 */
export class PlainRenderer implements Renderer {
  readonly tickMs = 1000;
  readonly showsLogs = true;
  readonly #options: RendererOptions;
  readonly #steps = new Map<StepId, PlainStep>();
  readonly #warnings: string[] = [];
  #current: PlainStep | undefined;
  #turnSinceMs = 0;
  #count = 0;
  /** Does the cursor stand behind an unfinished line? */
  #midLine = false;
  /** Were our own lines, numbered 0, the last ones? */
  #atZero = false;
  #isBlank = true;

  constructor(options: RendererOptions = {}) {
    this.#options = options;
  }

  event(event: BuildEvent): string {
    switch (event.kind) {
      case 'step-started': {
        const known = this.#steps.get(event.step);
        if (known === undefined) this.#steps.set(event.step, new PlainStep(event.step, event.name, event.atMs));
        else if (known.hasEnded) {
          if (this.#current === known) this.#current = undefined;
          known.restart(event.atMs);
        }
        break;
      }
      case 'step-log':
        this.#step(event.step, event.atMs).log(event.stream, event.data, event.atMs);
        break;
      case 'step-progress':
        this.#step(event.step, event.atMs).progress(event);
        break;
      case 'step-cached': {
        const step = this.#step(event.step, event.atMs, event.name);
        if (!step.hasEnded) step.end(event);
        break;
      }
      case 'step-explained': {
        const why = whyLine(event.reasons);
        if (why !== undefined) this.#step(event.step, event.atMs).say(`runs ${why}`, event.atMs);
        break;
      }
      case 'step-done':
      case 'step-failed':
      case 'step-cancelled':
        this.#step(event.step, event.atMs).end(event);
        break;
      case 'stages-skipped':
        return event.stages.length === 0 ? '' : this.#zero(skippedLine(event, this.#options));
      case 'warning':
        if (event.step === undefined) {
          this.#warnings.push(warningText(event));
          return '';
        }
        this.#step(event.step, event.atMs).say(`WARN: ${event.message}`, event.atMs);
        break;
    }
    return this.tick(event.atMs);
  }

  tick(nowMs: number): string {
    let out = '';
    if (this.#current?.hasEnded === true && this.#current.isDue) out += this.#show(this.#current, nowMs);
    const waiting: PlainStep[] = [];
    for (const step of this.#steps.values()) {
      if (!step.isDue || step === this.#current) continue;
      if (step.hasEnded) out += this.#show(step, nowMs);
      else waiting.push(step);
    }
    const holder = this.#current?.hasEnded === false ? this.#current : undefined;
    if (holder?.isDue === true) out += this.#show(holder, nowMs);
    const next = this.#nextTurn(holder, waiting, nowMs);
    if (next !== undefined) out += this.#show(next, nowMs);
    return out;
  }

  note(text: string): string {
    return this.#zero(text);
  }

  finish(nowMs: number): string {
    let out = this.tick(nowMs);
    for (const step of this.#steps.values()) if (step.isDue) out += this.#show(step, nowMs);
    out += this.#closeLine();
    for (const step of this.#steps.values()) if (step.failure !== undefined) out += failureBlock(step);
    return out + warningSummary(this.#warnings);
  }

  /** The waiting step that gets the turn now; `undefined` leaves it to `holder`. */
  #nextTurn(holder: PlainStep | undefined, waiting: readonly PlainStep[], nowMs: number): PlainStep | undefined {
    if (waiting.length === 0) return undefined;
    const overdue = waiting.find((step) => nowMs - step.dueSinceMs > maxWaitMs);
    if (overdue !== undefined) return overdue;
    const rate = (step: PlainStep): number => step.count / Math.max(1, nowMs - step.dueSinceMs);
    const busiest = waiting.reduce((best, step) => (rate(step) > rate(best) ? step : best));
    if (holder === undefined) return busiest;
    const turn = nowMs - this.#turnSinceMs;
    const holderRate = holder.count / Math.max(1, turn);
    const share = holderRate / (waiting.reduce((sum, step) => sum + rate(step), holderRate) || 1);
    return turn <= turnMs / (1 - share) || holderRate >= rate(busiest) ? undefined : busiest;
  }

  #step(id: StepId, atMs: number, name: string = id): PlainStep {
    let step = this.#steps.get(id);
    if (step === undefined) {
      step = new PlainStep(id, name, atMs);
      this.#steps.set(id, step);
    }
    return step;
  }

  #show(step: PlainStep, nowMs: number): string {
    let out = '';
    if (this.#current !== step || this.#atZero) {
      out += this.#leave();
      if (step.number === 0) step.number = ++this.#count;
      out += `${this.#blank()}#${step.number} ${step.name}\n`;
      this.#current = step;
      this.#turnSinceMs = nowMs;
      step.count = 0;
    }
    for (const piece of step.pieces) {
      if (piece.kind === 'line') {
        out += `${this.#closeLine()}#${step.number} ${piece.text}\n`;
        continue;
      }
      if (piece.starts || !this.#midLine) out += `${this.#closeLine()}#${step.number} ${piece.time} `;
      out += piece.ends ? `${piece.text}\n` : piece.text;
      this.#midLine = !piece.ends;
    }
    step.pieces = [];
    step.isDue = false;
    return out;
  }

  /** A line of our own. */
  #zero(text: string): string {
    const out = this.#atZero ? '' : this.#leave() + this.#blank();
    this.#atZero = true;
    this.#isBlank = false;
    return `${out}#0 ${text}\n`;
  }

  /** Take the turn from the current step. */
  #leave(): string {
    const step = this.#current;
    this.#atZero = false;
    if (step === undefined || step.hasEnded) return this.#closeLine();
    step.count = 0;
    this.#current = undefined;
    return `${this.#closeLine()}#${step.number} ...\n`;
  }

  #blank(): string {
    const out = this.#isBlank ? '' : '\n';
    this.#isBlank = false;
    return out;
  }

  #closeLine(): string {
    if (!this.#midLine) return '';
    this.#midLine = false;
    return '\n';
  }
}

/** The last lines of a failed step, between rules; nothing for a step that printed nothing. */
function failureBlock(step: PlainStep): string {
  if (step.tail.lines().length === 0) return '';
  const lines = step.tail.lines().map(({ atMs, text }) => `${logTime(atMs)} ${text}\n`);
  return `------\n > ${step.name}:\n${lines.join('')}------\n`;
}

/** ` 2 warnings found:` and the list; nothing when there are none. */
function warningSummary(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `\n ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} found:\n${warnings.map((text) => ` - ${text}\n`).join('')}`;
}
