import type { BuildEvent, StepId } from '../ports.ts';
import { LogDecoder, LogTail } from './log-text.ts';
import { type PartEvent, partLine } from './part-lines.ts';
import { logTime } from './renderer.ts';

/** Something a step has to say: a line of ours, or a piece of its output. */
export type Piece =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'log'; readonly time: string; readonly text: string; readonly starts: boolean; readonly ends: boolean };

interface Part {
  readonly startedAtMs: number;
  shownAtMs: number;
  shownCurrent: number;
}

const minShare = 0.05;
const minPauseMs = 5000;
const tailLines = 10;

/** What the plain log knows of one step. It collects what there is to say; `PlainRenderer` says it when it is the step's turn. */
export class PlainStep {
  readonly id: StepId;
  name: string;
  /** 0 until it is shown for the first time. */
  number = 0;
  hasEnded = false;
  /** Since when there is something to say that isn't shown. */
  dueSinceMs: number;
  /** How much it had to say since it last got or lost the turn. */
  count = 0;
  pieces: Piece[] = [];
  /** Has it something to say? Its header counts. */
  isDue = true;
  readonly tail: LogTail = new LogTail(tailLines);
  failure: string | undefined;

  #startedAtMs: number;
  #spentMs = 0;
  #decoder: LogDecoder | undefined;
  #atLineStart = true;
  readonly #parts = new Map<string, Part>();

  constructor(id: StepId, name: string, atMs: number) {
    this.id = id;
    this.name = name;
    this.dueSinceMs = atMs;
    this.#startedAtMs = atMs;
  }

  /** It runs once more; times add up. */
  restart(atMs: number): void {
    this.hasEnded = false;
    this.#startedAtMs = atMs;
    this.#due(atMs);
  }

  say(text: string, atMs: number): void {
    this.pieces.push({ kind: 'line', text });
    this.#due(atMs);
  }

  log(stream: 1 | 2, data: Uint8Array, atMs: number): void {
    this.#decoder ??= new LogDecoder();
    const text = this.#decoder.decode(stream, data);
    if (text === '') return;
    const elapsedMs = atMs - this.#startedAtMs;
    this.tail.push(text, elapsedMs);
    const time = logTime(elapsedMs);
    for (let from = 0; from < text.length; ) {
      const newline = text.indexOf('\n', from);
      const end = newline < 0 ? text.length : newline;
      this.pieces.push({ kind: 'log', time, text: text.slice(from, end), starts: this.#atLineStart, ends: newline >= 0 });
      this.#atLineStart = newline >= 0;
      from = end + 1;
    }
    this.#due(atMs);
  }

  progress(event: PartEvent): void {
    let part = this.#parts.get(event.part);
    if (part !== undefined && !event.done) {
      const moved = event.total > 0 && Math.abs(event.current - part.shownCurrent) >= event.total * minShare;
      if (!moved && event.atMs - part.shownAtMs < minPauseMs) return;
    }
    part ??= { startedAtMs: event.atMs, shownAtMs: 0, shownCurrent: 0 };
    part.shownAtMs = event.atMs;
    part.shownCurrent = event.current;
    if (event.done) this.#parts.delete(event.part);
    else this.#parts.set(event.part, part);
    this.say(partLine(event, part.startedAtMs), event.atMs);
  }

  end(event: Extract<BuildEvent, { kind: 'step-done' | 'step-cached' | 'step-failed' | 'step-cancelled' }>): void {
    this.hasEnded = true;
    this.#spentMs += Math.max(0, event.atMs - this.#startedAtMs);
    if (event.kind === 'step-failed') this.failure = event.error.message;
    this.say(this.#ending(event.kind), event.atMs);
  }

  #ending(kind: 'step-done' | 'step-cached' | 'step-failed' | 'step-cancelled'): string {
    switch (kind) {
      case 'step-done':
        return `DONE ${(this.#spentMs / 1000).toFixed(1)}s`;
      case 'step-cached':
        return 'CACHED';
      case 'step-failed':
        return `ERROR: ${this.failure}`;
      case 'step-cancelled':
        return 'CANCELED';
    }
  }

  #due(atMs: number): void {
    if (!this.isDue) this.dueSinceMs = atMs;
    this.isDue = true;
    this.count += 1;
  }
}
