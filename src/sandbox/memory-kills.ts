import { readFileSync } from 'node:fs';

/**
 * How many processes this machine has killed for lack of memory since it started, or undefined where the kernel doesn't say.
 * The sandbox's own cgroup would know better, but it is gone before its runtime returns.
 */
export function memoryKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
