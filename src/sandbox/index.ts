export { createSandbox, type SandboxOptions } from './create-sandbox.ts';
export { type DeviceEdits, deviceDirectories, type DeviceRegistry, openDeviceRegistry, type WantedDevice } from './devices.ts';
export { type HostsOptions, writeHostsFiles } from './hosts-files.ts';
export type { RunOptions, Sandbox, ResourceLimits, SandboxExit, SandboxMount, SandboxProcess } from './ports.ts';
export { type ProcessUser, resolveUser } from './users.ts';
export { resolveUserIn } from './user-in-root.ts';
