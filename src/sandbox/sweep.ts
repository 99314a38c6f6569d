import { readdirSync, rmSync } from 'node:fs';
import { type HostPath, ifThere } from '../base/index.ts';
import { startChild } from './child.ts';
import { killInit, readInitProcess, startTicksOf } from './container-state.ts';

/**
 * End what processes of ours that died without warning left running below `stateDir`, and remove its remains. Runs of living
 * processes are left alone.
 */
export async function sweepSandboxes(stateDir: HostPath, programs: readonly string[]): Promise<void> {
  for (const name of namesIn(stateDir)) {
    const owner = /^slipway-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || startTicksOf(Number(owner)) !== undefined) continue;
    const state = `${stateDir}/${name}/state`;
    const init = readInitProcess(`${state}/${name}`);
    if (init !== undefined) {
      killInit(init);
      // Its runtime may live on and tidy up as well; whoever comes second finds nothing, which is fine.
      for (const program of programs) {
        const args = ['--root', state, 'delete', '--force', name];
        await startChild({ program, args, isInteractive: false, onOutput: () => undefined }).ended;
      }
    }
    rmSync(`${stateDir}/${name}`, { recursive: true, force: true });
  }
}

function namesIn(directory: string): readonly string[] {
  return ifThere(() => readdirSync(directory)) ?? [];
}
