import { statfsSync } from 'node:fs';
import { SlipwayError } from '../base/index.ts';

/** With less than this, what a process wrote last may be missing, whatever its exit code says. */
const leastBytes = 65_536;

/**
 * Refuse the result of a process that ran until the disk of `root` was full.
 * @throws {SlipwayError} `STORE_NO_SPACE`
 */
export function refuseFullDisk(root: string, command: string): void {
  const { blocks, bavail, bfree, bsize } = statfsSync(root);
  const free = process.getuid?.() === 0 ? bfree : bavail;
  if (blocks === 0 || free * bsize >= leastBytes) return;
  throw new SlipwayError('STORE_NO_SPACE', `no space left on the disk while \`${command}\` ran`, {
    class: 'resource',
    hint: 'free space with `slipway prune`, or put the store elsewhere with `--root DIR`',
  });
}
