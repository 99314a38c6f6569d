import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type HostPath, hostPath, isNodeError, SlipwayError } from '../base/index.ts';
import { resolve, type Tree } from '../layer/index.ts';

export interface FoundShell {
  readonly args: readonly string[];
  /** Files of this machine that the tree has to show, by where. */
  readonly files: ReadonlyMap<string, HostPath>;
}

const shells = ['/bin/bash', '/usr/bin/bash', '/bin/sh', '/usr/bin/sh', '/busybox/sh'];
const borrowed = '/.slipway/busybox';

/**
 * The best shell of a tree; else this machine's busybox, if it is one that needs no libraries.
 * @param path where to look for busybox, as in `PATH`
 * @throws {SlipwayError} `BUILD_NO_SHELL`
 */
export function findShell(tree: Tree, path: string): FoundShell {
  const own = shells.find((shell) => resolve(tree, shell, { followLast: true })?.node.entry.type === 'file');
  if (own !== undefined) return { args: [own], files: new Map() };
  const busybox = [...path.split(':'), '/bin', '/usr/bin']
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'busybox'))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true && isStatic(file));
  if (busybox === undefined) {
    throw new SlipwayError('BUILD_NO_SHELL', 'this tree has no shell, and this machine has no static busybox to lend it', {
      hint: 'install busybox-static (`apt-get install busybox-static`), and try again',
    });
  }
  return { args: [borrowed, 'sh'], files: new Map([[borrowed, hostPath(busybox)]]) };
}

const interpreterSegment = 3;

/** Does this ELF program run without a dynamic linker? @see elf(5) */
function isStatic(file: string): boolean {
  const head = Buffer.alloc(4096);
  try {
    const fd = openSync(file, 'r');
    try {
      readSync(fd, head, 0, head.byteLength, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isNodeError(error)) return false;
    throw error;
  }
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  if (head.subarray(0, 4).toString('latin1') !== '\u007fELF' || !is64 || !isLittle) return false;
  const at = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const start = at + index * size;
    if (start + 4 > head.byteLength) return false;
    if (head.readUInt32LE(start) === interpreterSegment) return false;
  }
  return true;
}
