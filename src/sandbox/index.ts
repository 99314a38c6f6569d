export { createSandbox, type SandboxOptions } from './create-sandbox.ts';
export { type HostsOptions, writeHostsFiles } from './hosts-files.ts';
export type { RunOptions, Sandbox, SandboxExit, SandboxMount, SandboxProcess } from './ports.ts';
export { type ProcessUser, resolveUser } from './users.ts';
export { resolveUserIn } from './user-in-root.ts';
