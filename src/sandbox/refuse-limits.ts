import { SlipwayError } from '../base/index.ts';
import type { SandboxProcess } from './ports.ts';

/** Never run without a limit that was asked for. @throws {SlipwayError} `SANDBOX_NO_LIMITS` */
export function refuseLimits({ limits = {}, cgroupParent = '' }: SandboxProcess, runtime: string): void {
  const asked = Object.values(limits).some((value) => value !== undefined);
  if (!asked && cgroupParent === '') return;
  const what = asked ? 'limit memory and processors of a step' : 'put a step into a cgroup';
  throw new SlipwayError('SANDBOX_NO_LIMITS', `${runtime} can't ${what} here: no cgroup can be made`, {
    class: 'resource',
    hint: 'run where runc or crun may make cgroups, or leave the limits out; `slipway doctor` shows what this machine has',
  });
}

/** @throws {SlipwayError} `SANDBOX_NO_DEVICES` */
export function refuseDevices({ devices = [], hooks = [] }: SandboxProcess, runtime: string): void {
  if (devices.length === 0 && hooks.length === 0) return;
  throw new SlipwayError('SANDBOX_NO_DEVICES', `${runtime} can't give a step devices`, {
    class: 'resource',
    hint: 'install runc or crun',
  });
}
