import { closeSync, readSync } from 'node:fs';
import { systemCall } from './libc.ts';
import { errnoName, NativeError } from './native-error.ts';

const same = (number: number): { x64: number; arm64: number } => ({ x64: number, arm64: number });
const moveMount = systemCall<[number, string, number, string, number]>('move_mount', same(429), [
  'int',
  'str',
  'int',
  'str',
  'uint',
]);
const fsopen = systemCall<[string, number]>('fsopen', same(430), ['str', 'uint']);
const fsconfig = systemCall<[number, number, string | null, string | null, number]>('fsconfig', same(431), [
  'int',
  'uint',
  'str',
  'str',
  'int',
]);
const fsmount = systemCall<[number, number, number]>('fsmount', same(432), ['int', 'uint', 'uint']);

const setFlag = 0;
const setString = 1;
const create = 6;
const closeOnExec = 1;
const currentDirectory = -100;
const fromEmptyPath = 4;

/** One parameter of a file system; without a value it is a flag. A key may come again (`lowerdir+`). */
export type FsParameter = readonly [key: string, value?: string];

/**
 * Mount through a file system context, where the options have no common size limit (one value: 255 bytes).
 *
 * Answers false, with nothing done, when this kernel does not know the call or one of the parameters.
 * @throws {NativeError} with the kernel's own words, where it has any
 */
export function mountWithParameters(fstype: string, parameters: readonly FsParameter[], target: string): boolean {
  const context = fsopen.raw(fstype, closeOnExec);
  if (context < 0) {
    if (errnoName(-context) === 'ENOSYS') return false;
    throw new NativeError('fsopen', fstype, -context);
  }
  try {
    for (const [key, value] of parameters) {
      const result = fsconfig.raw(context, value === undefined ? setFlag : setString, key, value ?? null, 0);
      if (result === 0) continue;
      if (errnoName(-result) === 'EINVAL') return false;
      throw new NativeError('fsconfig', value ?? key, -result, messages(context));
    }
    const created = fsconfig.raw(context, create, null, null, 0);
    if (created < 0) throw new NativeError('fsconfig', target, -created, messages(context));
    const mounted = fsmount.call(target, context, closeOnExec, 0);
    try {
      moveMount.call(target, mounted, '', currentDirectory, target, fromEmptyPath);
    } finally {
      closeSync(mounted);
    }
    return true;
  } finally {
    closeSync(context);
  }
}

/** What the kernel has to say about the last failure: one message a read, `e text`. */
function messages(context: number): string {
  const buffer = Buffer.alloc(1024);
  const lines: string[] = [];
  try {
    for (let length = readSync(context, buffer); length > 0; length = readSync(context, buffer)) {
      lines.push(buffer.toString('utf8', 2, length).trim());
    }
  } catch {
    // ENODATA: no more messages.
  }
  return lines.join('; ');
}
