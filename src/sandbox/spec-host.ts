import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { unpackDevice } from '../native/index.ts';
import { boundingSet } from './capabilities.ts';
import type { DeviceNode, SpecHost } from './runtime-spec.ts';

/** What this machine gives. */
export function readSpecHost(options: { readonly canMakeCgroups: boolean }): SpecHost {
  return {
    arch: process.arch,
    capabilities: boundingSet(readFileSync('/proc/self/status', 'utf8')),
    hasUnifiedCgroups: existsSync('/sys/fs/cgroup/cgroup.controllers'),
    canMakeCgroups: options.canMakeCgroups,
    devices: insecureDevices(),
    hasTerminal: process.stdin.isTTY === true,
  };
}

function insecureDevices(): readonly DeviceNode[] {
  const loops = Array.from({ length: 8 }, (_, number) => `/dev/loop${number}`);
  return ['/dev/kmsg', '/dev/cuse', '/dev/fuse', '/dev/kvm', '/dev/net/tun', '/dev/loop-control', ...loops].flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return [];
    return [{ path, type: stat.isBlockDevice() ? 'b' : 'c', ...unpackDevice(stat.rdev), fileMode: stat.mode & 0o777 }];
  });
}
