import { readdirSync } from 'node:fs';
import { type HostPath, ifThere } from '../base/index.ts';
import { startChild } from './child.ts';
import { killInit, readInitProcess } from './container-state.ts';

/** End what still runs below `stateDir`, a state directory whose process is dead; the files are left to whoever found it. */
export async function sweepSandboxes(stateDir: HostPath, programs: readonly string[]): Promise<void> {
  for (const name of namesIn(stateDir)) {
    if (!/^slipway-\d+-/.test(name)) continue;
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
  }
}

function namesIn(directory: string): readonly string[] {
  return ifThere(() => readdirSync(directory)) ?? [];
}
