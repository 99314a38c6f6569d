import { existsSync, statSync } from 'node:fs';
import { hostPath, SlipwayError } from '../../base/index.ts';
import { unpackDevice } from '../../native/index.ts';
import type { DeviceEdits } from '../devices.ts';
import type { DeviceNode } from '../runtime-spec.ts';
import type { CdiEdits, CdiNode } from './spec.ts';

/** All of these changes as one, in order. @throws {SlipwayError} `SANDBOX_NO_DEVICE` a node is to be like one that is not there */
export function mergeEdits(edits: readonly CdiEdits[]): DeviceEdits {
  return {
    env: edits.flatMap(({ env }) => env),
    nodes: edits.flatMap(({ deviceNodes }) => deviceNodes.map(nodeOf)),
    mounts: edits.flatMap(({ mounts }) =>
      mounts.map(({ hostPath: source, containerPath, options }) => {
        if (!existsSync(source)) throw notThere(source, 'is not there');
        const isBind = options.includes('bind') || options.includes('rbind');
        return {
          destination: containerPath,
          type: 'bind' as const,
          source: hostPath(source),
          options: isBind ? options : ['rbind', ...options],
        };
      }),
    ),
    hooks: edits.flatMap(({ hooks }) => hooks),
    additionalGids: [...new Set(edits.flatMap(({ additionalGids }) => additionalGids))],
  };
}

function nodeOf(node: CdiNode): DeviceNode {
  const { path, permissions, uid, gid } = node;
  const known = node.type !== undefined && (node.type === 'p' || node.major !== undefined) ? undefined : onHost(node.hostPath);
  const type = node.type ?? known?.type ?? 'c';
  return {
    path,
    type: type === 'u' ? 'c' : type,
    major: node.major ?? known?.major ?? 0,
    minor: node.minor ?? known?.minor ?? 0,
    fileMode: node.fileMode ?? known?.fileMode ?? 0o666,
    permissions,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

function onHost(path: string): Pick<DeviceNode, 'type' | 'major' | 'minor' | 'fileMode'> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice() || stat.isFIFO())) {
    throw notThere(path, 'is not a device');
  }
  const type = stat.isFIFO() ? 'p' : stat.isBlockDevice() ? 'b' : 'c';
  return { type, ...unpackDevice(stat.rdev), fileMode: stat.mode & 0o7777 };
}

function notThere(path: string, how: string): SlipwayError {
  return new SlipwayError('SANDBOX_NO_DEVICE', `\`${path}\` of this machine ${how}`, {
    class: 'resource',
    hint: 'the specification of the device names it: is its driver installed and loaded?',
  });
}
