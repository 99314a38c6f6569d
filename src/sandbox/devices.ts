import type { SandboxHook, SandboxMount } from './ports.ts';
import type { DeviceNode } from './runtime-spec.ts';

export interface WantedDevice {
  /** `vendor.com/class=name`; without a name the first of its class, with `*` all of them. */
  readonly name: string;
  readonly optional: boolean;
}

/** What devices change in a sandbox. */
export interface DeviceEdits {
  /** `NAME=value`, in place of what the process would have. */
  readonly env: readonly string[];
  readonly nodes: readonly DeviceNode[];
  readonly mounts: readonly SandboxMount[];
  readonly hooks: readonly SandboxHook[];
  readonly additionalGids: readonly number[];
}

/** The devices this machine offers. @see Container Device Interface */
export interface DeviceRegistry {
  /**
   * Full names of the devices that are meant; none when an optional one is missing.
   * @throws {SlipwayError} `SANDBOX_BAD_DEVICE`, `SANDBOX_NO_DEVICE`
   */
  find(wanted: WantedDevice): readonly string[];
  /** Says its specification that every build may have it? */
  isAutoAllowed(name: string): boolean;
  /** @throws {SlipwayError} `SANDBOX_NO_DEVICE` what the specification names is not there */
  edits(names: readonly string[]): DeviceEdits;
}

const deviceDirectories: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

/** Read what devices there are; later directories count over earlier ones. */
export async function openDeviceRegistry(directories: readonly string[] = deviceDirectories): Promise<DeviceRegistry> {
  const { readDeviceRegistry } = await import('./cdi/registry.ts');
  return readDeviceRegistry(directories);
}
