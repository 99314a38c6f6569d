import { SlipwayError } from '../../base/index.ts';
import type { BuildEvent } from '../ports.ts';

/** One moment of a recorded build: an event, a resized terminal, or just a point in time. */
export type Moment =
  | { readonly kind: 'event'; readonly atMs: number; readonly event: BuildEvent }
  | { readonly kind: 'resize'; readonly atMs: number; readonly columns: number; readonly rows: number };

/**
 * Read a recording for tests: JSON lines, as `--progress json` prints them, but with the log as `text` and the error as its message.
 * A line `{"resize":[columns,rows],"atMs":…}` changes the terminal. Empty lines and lines that begin with `//` are skipped.
 */
export function parseRecording(text: string): readonly Moment[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('//'))
    .map((line) => moment(JSON.parse(line) as Recorded));
}

type Recorded = { readonly atMs: number } & (
  | { readonly resize: readonly [columns: number, rows: number] }
  | { readonly kind: string; readonly text?: string; readonly error?: string }
);

function moment(recorded: Recorded): Moment {
  const { atMs } = recorded;
  if ('resize' in recorded) return { kind: 'resize', atMs, columns: recorded.resize[0], rows: recorded.resize[1] };
  const { text, error, ...rest } = recorded;
  const event = {
    ...(recorded.kind === 'step-log' ? { stream: 1 } : {}),
    ...(recorded.kind === 'step-progress' ? { current: 0, total: 0, unit: 'none', done: false } : {}),
    ...rest,
    ...(text === undefined ? {} : { data: new TextEncoder().encode(text) }),
    ...(error === undefined ? {} : { error: new SlipwayError('STEP_FAILED', error, { class: 'step' }) }),
  };
  return { kind: 'event', atMs, event: event as unknown as BuildEvent };
}
