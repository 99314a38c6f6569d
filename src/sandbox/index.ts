export { createSandbox, endAbandonedRuns } from './create-sandbox.ts';
export { type DeviceEdits, type DeviceRegistry, openDeviceRegistry } from './devices.ts';
export { writeHostsFiles } from './hosts-files.ts';
export type { Sandbox, ResourceLimits, SandboxExit, SandboxMount, SandboxProcess } from './ports.ts';
export { resolveUserIn } from './user-in-root.ts';
