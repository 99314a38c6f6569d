import { type BigIntStats, closeSync, openSync, readSync } from 'node:fs';
import { fsPath, getXattr, readLink } from '../native/index.ts';
import type { LowerNode } from './lower-view.ts';

/** The one extended attribute that a layer made here carries. */
export const layerXattr = 'security.capability';

const chunkBytes = 1 << 16;
const nsPerSecond = 1_000_000_000n;

/**
 * Is what an overlay copied up still what the layers below show? Type, mode, owner, device, capabilities; but for directories also size
 * and time. Contents are compared only where both times are whole seconds, as an archive or `touch -d` leaves them: there an
 * equal time says little.
 */
export function isSameNode(lower: LowerNode, host: string, stat: BigIntStats): boolean {
  const below = lower.stat;
  if (below.mode !== stat.mode || below.uid !== stat.uid || below.gid !== stat.gid || below.rdev !== stat.rdev) return false;
  if (!stat.isSymbolicLink() && !isSameValue(getXattr(lower.host, layerXattr), getXattr(host, layerXattr))) return false;
  if (stat.isDirectory()) return true;
  if (below.size !== stat.size || below.mtimeNs !== stat.mtimeNs) return false;
  if (stat.mtimeNs % nsPerSecond !== 0n) return true;
  if (stat.isSymbolicLink()) return readLink(lower.host) === readLink(host);
  return !stat.isFile() || hasSameContent(lower.host, host);
}

function isSameValue(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function hasSameContent(a: string, b: string): boolean {
  const [left, right] = [openSync(fsPath(a), 'r'), openSync(fsPath(b), 'r')];
  try {
    const [leftBytes, rightBytes] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
    for (;;) {
      const count = readSync(left, leftBytes);
      if (readSync(right, rightBytes) !== count) return false;
      if (count === 0) return true;
      if (!leftBytes.subarray(0, count).equals(rightBytes.subarray(0, count))) return false;
    }
  } finally {
    closeSync(left);
    closeSync(right);
  }
}
