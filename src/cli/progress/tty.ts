import type { BuildEvent, StepId } from '../ports.ts';
import { cells, fit, visible } from './cells.ts';
import type { Paint, Role } from './colors.ts';
import { LogDecoder, LogTail } from './log-text.ts';
import { amount, type PartEvent } from './part-lines.ts';
import { logTime, type Renderer, type RendererOptions, seconds, skippedLine } from './renderer.ts';
import { whyLine } from './why.ts';
import { warningText } from './warning-text.ts';

export interface TtyOptions extends RendererOptions {
  /** The terminal as it is at the moment. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly paint: Paint;
  /** Lines of output shown below each running step. */
  readonly logLines: number;
  readonly tickMs: number;
  readonly startedAtMs: number;
}

interface Step {
  readonly name: string;
  startedAtMs: number;
  spentMs: number;
  isRunning: boolean;
  readonly tail: LogTail;
  readonly decoder: LogDecoder;
  readonly parts: Map<string, { event: PartEvent; readonly startedAtMs: number }>;
  hasFailed: boolean;
}

/** One line before it is cut to the terminal's width. */
interface Line {
  readonly text: string;
  /** At the right edge. */
  readonly right?: string;
  readonly role?: Role;
}

const failureLines = 10;
const hideCursor = '\u001b[?25l';
export const showCursor = '\u001b[?25h';

/**
 * The terminal: lines of ended steps scroll by and stay; below them a live region shows the head line, the running steps
 * and the last lines of their output. The region is drawn anew at each tick.
 */
export class TtyRenderer implements Renderer {
  readonly tickMs: number;
  readonly showsLogs = true;
  readonly #options: TtyOptions;
  readonly #steps = new Map<StepId, Step>();
  readonly #warnings: string[] = [];
  /** Why steps that are still running could not come from the cache. */
  readonly #why = new Map<StepId, string>();
  /** Lines to put above the live region at the next drawing. */
  #settled: Line[] = [];
  /** Widths of the region's lines as drawn: they tell how many rows it takes after the terminal was resized. */
  #drawn: readonly number[] = [];
  #last = '';
  #ended = 0;
  #isCursorHidden = false;

  constructor(options: TtyOptions) {
    this.#options = options;
    this.tickMs = options.tickMs;
  }

  event(event: BuildEvent): string {
    switch (event.kind) {
      case 'step-started':
        this.#step(event.step, event.atMs, event.name);
        break;
      case 'step-log': {
        const step = this.#step(event.step, event.atMs);
        step.tail.push(step.decoder.decode(event.stream, event.data), event.atMs - step.startedAtMs);
        break;
      }
      case 'step-progress': {
        const { parts } = this.#step(event.step, event.atMs);
        const part = parts.get(event.part);
        if (event.done) parts.delete(event.part);
        else if (part === undefined) parts.set(event.part, { event, startedAtMs: event.atMs });
        else part.event = event;
        break;
      }
      case 'step-cached':
        this.#end(event, { text: ` => CACHED ${event.name}`, role: 'run' });
        break;
      case 'step-explained': {
        const why = whyLine(event.reasons);
        if (why !== undefined) this.#why.set(event.step, why);
        break;
      }
      case 'step-done': {
        this.#end(event, { text: ` => ${this.#name(event.step)}`, role: 'run' });
        const why = this.#why.get(event.step);
        if (why !== undefined) this.#settled.push({ text: ` => => ${why}` });
        break;
      }
      case 'step-failed':
        this.#end(event, { text: ` => ERROR ${this.#name(event.step)}`, role: 'error' });
        break;
      case 'step-cancelled':
        this.#end(event, { text: ` => CANCELED ${this.#name(event.step)}`, role: 'cancel' });
        break;
      case 'stages-skipped':
        if (event.stages.length > 0) this.#settled.push({ text: ` => ${skippedLine(event, this.#options)}` });
        break;
      case 'warning': {
        if (event.step === undefined) this.#warnings.push(warningText(event));
        else this.#settled.push({ text: ` => WARN: ${warningText(event)}`, role: 'warning' });
        break;
      }
    }
    return '';
  }

  tick(nowMs: number): string {
    const { columns, rows } = this.#options.size();
    const width = Math.max(10, columns) - 1;
    const region = this.#region(nowMs, Math.max(3, rows - 1));
    const text = region.map((line) => this.#print(line, width)).join('\u001b[K\n');
    if (this.#settled.length === 0 && text === this.#last) return '';
    const out = `${this.#isCursorHidden ? '' : hideCursor}${this.#rewind(columns)}${this.#takeSettled(width)}${text}\u001b[K\n\u001b[J`;
    this.#isCursorHidden = true;
    this.#last = text;
    this.#drawn = region.map((line) => Math.min(width, cells(line.text) + (line.right === undefined ? 0 : width)));
    return out;
  }

  note(text: string): string {
    this.#settled.push({ text: ` => ${text}`, role: 'warning' });
    return '';
  }

  finish(nowMs: number, isOk: boolean): string {
    const { columns } = this.#options.size();
    const width = Math.max(10, columns) - 1;
    let out = this.#rewind(columns);
    for (const step of this.#steps.values()) {
      if (step.isRunning) this.#settled.push({ text: ` => ${step.name}`, right: `${seconds(nowMs - step.startedAtMs)}s` });
    }
    const failed = [...this.#steps.values()].filter((step) => step.hasFailed);
    this.#settled.push({ text: `${this.#head(nowMs)}${isOk ? ' FINISHED' : ''}` });
    out += this.#takeSettled(width);
    if (this.#isCursorHidden) out += `\u001b[J${showCursor}`;
    for (const step of failed) {
      if (step.tail.lines().length === 0) continue;
      out += `------\n > ${step.name}:\n`;
      for (const { atMs, text } of step.tail.lines()) out += `${logTime(atMs)} ${visible(text)}\n`;
      out += '------\n';
    }
    if (this.#warnings.length > 0) {
      const lines = this.#warnings.map((text) => ` - ${text}\n`).join('');
      const count = `${this.#warnings.length} ${this.#warnings.length === 1 ? 'warning' : 'warnings'} found:`;
      out += `\n ${this.#options.paint('warning', count)}\n${lines}`;
    }
    return out;
  }

  #region(nowMs: number, rows: number): readonly Line[] {
    const running = [...this.#steps.values()].filter((step) => step.isRunning);
    const lines: Line[] = [{ text: this.#head(nowMs) }];
    const fits = running.length <= rows - 1 ? running : running.slice(0, rows - 2);
    let spare = rows - 1 - running.length;
    for (const [index, step] of fits.entries()) {
      lines.push({ text: ` => ${step.name}`, right: `${seconds(nowMs - step.startedAtMs)}s`, role: 'run' });
      const below = this.#below(step, nowMs, Math.max(0, Math.floor(spare / (fits.length - index))));
      spare -= below.length;
      lines.push(...below);
    }
    if (fits.length < running.length) lines.push({ text: ` => … and ${running.length - fits.length} more running` });
    return lines;
  }

  /** Parts and last lines of output of a running step, at most `room` lines. */
  #below(step: Step, nowMs: number, room: number): readonly Line[] {
    const parts = [...step.parts.values()].map(({ event, startedAtMs }): Line => {
      const count = amount(event);
      return { text: ` => => ${event.part}${count === '' ? '' : ` ${count}`}`, right: `${seconds(nowMs - startedAtMs)}s` };
    });
    const logs = this.#options.logLines === 0 ? [] : step.tail.lines().slice(-this.#options.logLines);
    const lines = [...parts, ...logs.map(({ text }): Line => ({ text: ` => => # ${visible(text)}` }))];
    return room === 0 ? [] : lines.slice(-room);
  }

  #head(nowMs: number): string {
    return `[+] Building ${seconds(nowMs - this.#options.startedAtMs)}s (${this.#ended}/${this.#steps.size})`;
  }

  #print(line: Line, width: number): string {
    const right = line.right === undefined || width < 30 ? '' : line.right;
    const text = fit(line.text, right === '' ? width : width - right.length - 1);
    const full = right === '' ? text : text + ' '.repeat(width - cells(text) - right.length) + right;
    return line.role === undefined ? full : this.#options.paint(line.role, full);
  }

  #takeSettled(width: number): string {
    const out = this.#settled.map((line) => `${this.#print(line, width)}${this.#isCursorHidden ? '\u001b[K' : ''}\n`).join('');
    this.#settled = [];
    return out;
  }

  /** Go back to the region's first row. A terminal that became narrower has folded its lines. */
  #rewind(columns: number): string {
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0);
    this.#drawn = [];
    return rows === 0 ? '' : `\u001b[${rows}A\r`;
  }

  #name(id: StepId): string {
    return this.#steps.get(id)?.name ?? id;
  }

  #step(id: StepId, atMs: number, name: string = id): Step {
    let step = this.#steps.get(id);
    if (step === undefined) {
      const tail = new LogTail(Math.max(failureLines, this.#options.logLines));
      step = {
        name,
        startedAtMs: atMs,
        spentMs: 0,
        isRunning: true,
        tail,
        decoder: new LogDecoder(),
        parts: new Map(),
        hasFailed: false,
      };
      this.#steps.set(id, step);
    } else if (!step.isRunning) {
      step.isRunning = true;
      step.startedAtMs = atMs;
      this.#ended -= 1;
    }
    return step;
  }

  #end(event: Extract<BuildEvent, { kind: 'step-done' | 'step-cached' | 'step-failed' | 'step-cancelled' }>, line: Line): void {
    const known = this.#steps.get(event.step);
    if (known?.isRunning === false) return;
    const step = known ?? this.#step(event.step, event.atMs, event.kind === 'step-cached' ? event.name : event.step);
    step.isRunning = false;
    step.spentMs += event.atMs - step.startedAtMs;
    step.parts.clear();
    step.hasFailed = event.kind === 'step-failed';
    this.#ended += 1;
    this.#settled.push(event.kind === 'step-cached' ? line : { ...line, right: `${seconds(step.spentMs)}s` });
  }
}
