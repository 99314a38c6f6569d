import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { SlipwayError } from '../base/index.ts';
import { pipe } from '../native/index.ts';

export interface ChildCommand {
  /** An absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** The caller's own standard streams instead of `onOutput`. */
  readonly isInteractive: boolean;
  readonly onOutput: (stream: 1 | 2, data: Uint8Array) => void;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  /** Settles when the process is gone; others may still hold its output. */
  readonly exited: Promise<ChildExit>;
  /** Settles when the process is gone and everything it wrote has been handed on. */
  readonly ended: Promise<ChildExit>;
}

/**
 * Start a program with an empty standard input and real pipes for its output, in a session of its own, so that a Ctrl-C at the
 * terminal reaches only us.
 *
 * @throws {SlipwayError} `SANDBOX_RUNTIME_FAILED` it cannot be started
 */
export function startChild({ program, args, isInteractive, onOutput }: ChildCommand): Child {
  const pipes = isInteractive ? [] : [pipe(), pipe()];
  const child = spawn(program, args, {
    stdio: isInteractive ? 'inherit' : ['ignore', ...pipes.map(({ writeFd }) => writeFd)],
    detached: !isInteractive,
    env: { PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  for (const { writeFd } of pipes) closeSync(writeFd);
  const outputs = pipes.map(({ readFd }, index) => forward(readFd, (data) => onOutput(index === 0 ? 1 : 2, data)));
  const exited = new Promise<ChildExit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (cause) =>
      reject(new SlipwayError('SANDBOX_RUNTIME_FAILED', `cannot start \`${program}\``, { class: 'permission', cause })),
    );
  });
  const ended = Promise.all([exited, ...outputs]).then(([exit]) => exit);
  // A failure is seen by whoever awaits `ended`; until then it is not unhandled.
  ended.catch(() => undefined);
  return { pid: child.pid ?? 0, exited, ended };
}

async function forward(fd: number, take: (data: Uint8Array) => void): Promise<void> {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on('data', take);
  await once(socket, 'close');
}
