import type { ExecOp } from './op.ts';

/** An exec op that asks for nothing: no program, no mounts, root's own rights in the default network. */
export const plainExec: ExecOp = {
  kind: 'exec',
  args: [],
  env: [],
  cwd: '/',
  user: '',
  hostname: '',
  network: 'default',
  insecure: false,
  mounts: [],
  secretEnv: [],
  extraHosts: [],
  ulimits: [],
  cgroupParent: '',
  devices: [],
  proxyEnv: {},
};
