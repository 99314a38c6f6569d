import { readFileSync } from 'node:fs';
import { isNotFound } from '../base/index.ts';

/** `<pid>-<start time>`: names a process even after its pid was given to another. */
export function ownProcessName(): string {
  return `${process.pid}-${startTime(process.pid) ?? '0'}`;
}

/** Is the process that `name` starts with still alive? `undefined` when `name` has another form. */
export function isAlive(name: string): boolean | undefined {
  const [pid, started] = name.split('-');
  if (pid === undefined || started === undefined || !/^\d+$/.test(pid)) return undefined;
  return startTime(Number(pid)) === started;
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
