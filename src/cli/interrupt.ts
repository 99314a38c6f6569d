import { cancelled } from '../base/index.ts';
import type { Io } from './io.ts';

export interface Interrupt extends Disposable {
  /** Aborts at the first Ctrl-C (or SIGTERM, SIGHUP), with the reason `BUILD_CANCELLED`. */
  readonly signal: AbortSignal;
}

export interface InterruptOptions {
  /** Say that clean-up goes on. */
  readonly onFirst?: () => void;
  /** Leave the terminal as it was: the process ends at once. */
  readonly onDie?: () => void;
  /** Ctrl-C belongs to the process in the container. */
  readonly ignoreCtrlC?: boolean;
}

const patience = 3;

/** The first signal asks the work to stop and clean up, the third ends the process at once. */
export function interruptible(io: Io, exitCode: number, options: InterruptOptions = {}): Interrupt {
  const controller = new AbortController();
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) {
      options.onFirst?.();
      controller.abort(cancelled());
    } else if (count >= patience) {
      options.onDie?.();
      io.die(exitCode);
    }
  };
  const listening = [
    io.onSignal(['SIGTERM', 'SIGHUP'], onSignal),
    io.onSignal(['SIGINT'], options.ignoreCtrlC === true ? () => undefined : onSignal),
  ];
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const each of listening) each[Symbol.dispose]();
    },
  };
}
