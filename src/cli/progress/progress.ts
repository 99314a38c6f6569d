import { SlipwayError } from '../../base/index.ts';
import type { Io } from '../io.ts';
import type { EmitEvent } from '../ports.ts';
import { paintFrom } from './colors.ts';
import { jsonRenderer } from './json.ts';
import { PlainRenderer } from './plain.ts';
import { quietRenderer } from './quiet.ts';
import { rawJsonRenderer } from './raw-json.ts';
import type { Renderer, RendererOptions } from './renderer.ts';
import { TtyRenderer } from './tty.ts';

export type ProgressMode = 'plain' | 'tty' | 'json' | 'rawjson' | 'quiet';

/** A running display of a build's events, on standard error. */
export interface Progress {
  readonly mode: ProgressMode;
  readonly emit: EmitEvent;
  /** Did it print the output of failed steps? */
  readonly showsLogs: boolean;
  /** Say a word of the command's own. */
  note(text: string): void;
  /** Say the last words and leave the terminal as it was. Calling it again does nothing. */
  finish(isOk: boolean): void;
}

/**
 * Which renderer `--progress`, `--quiet` and the environment ask for.
 * @throws {SlipwayError} `CLI_BAD_PROGRESS`, `CLI_NO_TERMINAL`
 */
export function chooseMode(
  asked: { readonly flag: string | undefined; readonly quiet: boolean },
  io: Pick<Io, 'env' | 'stderr'>,
): ProgressMode {
  if (asked.quiet) {
    if (asked.flag === undefined || asked.flag === 'auto' || asked.flag === 'quiet' || asked.flag === 'none') return 'quiet';
    throw new SlipwayError('CLI_BAD_PROGRESS', `progress=${asked.flag} and quiet cannot be used together`, {
      hint: 'leave one of them out',
    });
  }
  const mode = asked.flag ?? (io.env['BUILDKIT_PROGRESS'] || 'auto');
  switch (mode) {
    case 'auto':
      return io.stderr.isTerminal && io.env['TERM'] !== 'dumb' ? 'tty' : 'plain';
    case 'plain':
    case 'json':
    case 'rawjson':
    case 'quiet':
      return mode;
    case 'none':
      return 'quiet';
    case 'tty':
      if (!io.stderr.isTerminal) {
        throw new SlipwayError('CLI_NO_TERMINAL', 'failed to get console: standard error is not a terminal', {
          hint: 'use `--progress plain`',
        });
      }
      return mode;
    default:
      throw new SlipwayError('CLI_BAD_PROGRESS', `invalid progress mode ${mode}`, {
        hint: 'use auto, tty, plain, json, rawjson or quiet',
      });
  }
}

/** Begin to show events as `mode` says. */
export function startProgress(mode: ProgressMode, options: RendererOptions, io: Io): Progress {
  const renderer = makeRenderer(mode, options, io);
  const write = (text: string): void => {
    if (text !== '') io.stderr.write(text);
  };
  const timer =
    renderer.tickMs === undefined ? undefined : io.clock.every(renderer.tickMs, () => write(renderer.tick(io.clock.nowMs())));
  let isFinished = false;
  return {
    mode,
    showsLogs: renderer.showsLogs,
    emit: (event) => {
      if (!isFinished) write(renderer.event(event));
    },
    note: (text) => {
      if (!isFinished) write(renderer.note(text));
    },
    finish: (isOk) => {
      if (isFinished) return;
      isFinished = true;
      timer?.[Symbol.dispose]();
      write(renderer.finish(io.clock.nowMs(), isOk));
    },
  };
}

function makeRenderer(mode: ProgressMode, options: RendererOptions, io: Io): Renderer {
  if (mode !== 'tty') return streamRenderer(mode, options);
  return new TtyRenderer({
    ...options,
    size: () => io.stderr.size(),
    paint: paintFrom(io.env),
    logLines: count(io.env['BUILDKIT_TTY_LOG_LINES'], 6),
    tickMs: Math.max(20, count(io.env['TTY_DISPLAY_RATE'], 100)),
    startedAtMs: io.clock.nowMs(),
  });
}

/** What shows events where there is no terminal. */
export function streamRenderer(mode: Exclude<ProgressMode, 'tty'>, options: RendererOptions): Renderer {
  switch (mode) {
    case 'plain':
      return new PlainRenderer(options);
    case 'json':
      return jsonRenderer;
    case 'rawjson':
      return rawJsonRenderer();
    case 'quiet':
      return quietRenderer;
  }
}

function count(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : fallback;
}
