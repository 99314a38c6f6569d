import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';
import { type InitProcess, killInit } from './container-state.ts';

const pollMs = 5;
const patienceMs = 20_000;

/**
 * Kill the first process of a sandbox as soon as there is one, again and again until `child`, which started it and tidies up
 * after it, has left. When that takes too long, `child` is killed too. Never rejects because of how `child` ended.
 */
export async function killUntilOver(child: Child, findInit: () => InitProcess | undefined): Promise<void> {
  let isOver = false;
  const setOver = (): void => {
    isOver = true;
  };
  const over = child.ended.then(setOver, setOver);
  for (let waitedMs = 0; !isOver && waitedMs < patienceMs; waitedMs += pollMs) {
    const init = findInit();
    if (init !== undefined) killInit(init);
    await Promise.race([over, sleep(pollMs)]);
  }
  if (!isOver) process.kill(child.pid, 'SIGKILL');
  await over;
}
