import { readFileSync } from 'node:fs';
import { isNodeError, isNotFound } from '../base/index.ts';

/** The first process of a container, as the runtime wrote it down. */
export interface InitProcess {
  readonly pid: number;
  /** Clock ticks after boot; tells this process from a later one with its number. */
  readonly startTicks: number;
}

/** From the state file of runc (`state.json`) or crun (`status`); undefined while there is none. */
export function readInitProcess(stateDirectory: string): InitProcess | undefined {
  for (const [file, pidKey, startKey] of stateFiles) {
    try {
      const state = JSON.parse(readFileSync(`${stateDirectory}/${file}`, 'utf8')) as Record<string, unknown>;
      const pid = state[pidKey];
      const startTicks = Number(state[startKey]);
      if (typeof pid === 'number' && pid > 0 && Number.isFinite(startTicks)) return { pid, startTicks };
    } catch (error) {
      // Half written counts as not there: it is read again.
      if (!isNotFound(error) && !(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

const stateFiles = [
  ['state.json', 'init_process_pid', 'init_process_start'],
  ['status', 'pid', 'process-start-time'],
] as const;

/** When the process started, in clock ticks after boot; undefined when there is none. */
export function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything; 22nd field, the 20th after the name.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch (error) {
    if (isNotFound(error) || (isNodeError(error) && error.code === 'ESRCH')) return undefined;
    throw error;
  }
}

/** Kill the process, and with the first of a pid namespace all of them; nothing when it is gone already. */
export function killInit({ pid, startTicks }: InitProcess): void {
  if (startTicksOf(pid) !== startTicks) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isNodeError(error) || error.code !== 'ESRCH') throw error;
  }
}
