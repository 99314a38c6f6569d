import type { BuildEvent } from '../ports.ts';

/**
 * Turns the stream of build events into text. A pure state machine: it never looks at a clock or a terminal,
 * so that a recorded stream always gives the same text.
 */
export interface Renderer {
  /** What to write now that `event` has happened. */
  event(event: BuildEvent): string;
  /** What to write because time has passed. Called every `tickMs`. */
  tick(nowMs: number): string;
  /** A word of the command itself, such as what Ctrl-C does. */
  note(text: string): string;
  /** The last words; `isOk` when the work succeeded. No event follows. */
  finish(nowMs: number, isOk: boolean): string;
  /** How often `tick` wants to be called; `undefined`: never. */
  readonly tickMs: number | undefined;
  /** Does it print the output of failed steps, so that the error needn't? */
  readonly showsLogs: boolean;
}

/** What a renderer is that writes only when something happens. */
export const eventsOnly: Pick<Renderer, 'tickMs' | 'tick' | 'note' | 'finish'> = {
  tickMs: undefined,
  tick: () => '',
  note: () => '',
  finish: () => '',
};

/** A renderer's knowledge of the command line. */
export interface RendererOptions {
  /** The stage asked for; `undefined` when it is the last one. */
  readonly target?: string | undefined;
}

/** `skipped: test, docs (not needed by release)`. */
export function skippedLine(event: Extract<BuildEvent, { kind: 'stages-skipped' }>, options: RendererOptions): string {
  const names = event.stages.map((stage) => stage.name).join(', ');
  return `skipped: ${names} (not needed by ${options.target ?? 'the last stage'})`;
}

/** `0.071`, `12.34`, `123.4`: seconds with the digits that still mean something. */
export function logTime(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1);
}

/** `1.2`: seconds with one decimal, never below zero. */
export function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(1);
}
