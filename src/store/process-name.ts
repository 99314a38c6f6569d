import { readFileSync, readlinkSync } from 'node:fs';
import { isNodeError, ifThere, isNotFound } from '../base/index.ts';

/** What is known of the process that made something. `elsewhere`: it is in another PID namespace, where this process cannot look. */
export type Life = 'alive' | 'dead' | 'elsewhere';

/** Reads a file of /proc. */
type ReadFile = (path: string) => string;

const readText: ReadFile = (path) => readFileSync(path, 'utf8');
let ownName: string | undefined;

/** `<pid>-<start time>-<pid namespace>`: names a process even after its pid was given to another. */
export function ownProcessName(): string {
  ownName ??= `${process.pid}-${startTime(process.pid, readText) ?? '0'}-${namespace()}`;
  return ownName;
}

/** Does the process that `name` starts with still live? `undefined` when `name` has another form. */
export function lifeOf(name: string, read: ReadFile = readText): Life | undefined {
  const [, pid, started, space] = /^(\d+)-(\d+)-(\d+)(?:-|$)/.exec(name) ?? [];
  if (pid === undefined || started === undefined) return undefined;
  if (space !== namespace()) return 'elsewhere';
  return startTime(Number(pid), read) === started ? 'alive' : 'dead';
}

/** @see proc(5), /proc/pid/stat, field 22 */
function startTime(pid: number, read: ReadFile): string | undefined {
  try {
    const stat = read(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    // A process that ends between open and read gives ESRCH.
    if (isNotFound(error) || (isNodeError(error) && error.code === 'ESRCH')) return undefined;
    throw error;
  }
}

let ownNamespace: string | undefined;

/** Processes of several containers may share a store, and none of them can see the others' processes. */
function namespace(): string {
  ownNamespace ??= /\d+/.exec(linkOf('/proc/self/ns/pid'))?.[0] ?? '0';
  return ownNamespace;
}

function linkOf(path: string): string {
  return ifThere(() => readlinkSync(path)) ?? '';
}
