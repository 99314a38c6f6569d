import { decodeFileName } from '../base/index.ts';
import { nativeFunction } from './libc.ts';
import { errnoName, NativeError } from './native-error.ts';

const setCall = nativeFunction<[string, string, Uint8Array, number, number]>('lsetxattr', 'int', [
  'str',
  'str',
  'void *',
  'size_t',
  'int',
]);
const getCall = nativeFunction<[string, string, Uint8Array | null, number]>('lgetxattr', 'long', [
  'str',
  'str',
  'void *',
  'size_t',
]);
const listCall = nativeFunction<[string, Uint8Array | null, number]>('llistxattr', 'long', ['str', 'void *', 'size_t']);

const maxBytes = 65_536;
// Made once: a call costs about 2 µs, a fresh buffer of this size more than that.
let buffer: Buffer | undefined;

/** Set an extended attribute of `path` itself, also when it is a symlink. @throws {NativeError} */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  setCall.call(`${path} (${name})`, path, name, value, value.byteLength, 0);
}

/** The value, or undefined when `path` has no such attribute or its file system has none at all. @throws {NativeError} */
export function getXattr(path: string, name: string): Buffer | undefined {
  buffer ??= Buffer.allocUnsafeSlow(maxBytes);
  const length = getCall.raw(path, name, buffer, maxBytes);
  if (length >= 0) return Buffer.from(buffer.subarray(0, length));
  if (isAbsent(-length)) return undefined;
  throw new NativeError('lgetxattr', path, -length);
}

/** The names `path` has, in the kernel's order. @throws {NativeError} */
export function listXattrs(path: string): readonly string[] {
  buffer ??= Buffer.allocUnsafeSlow(maxBytes);
  const length = listCall.raw(path, buffer, maxBytes);
  if (length === 0) return [];
  if (length > 0) return decodeFileName(buffer.subarray(0, length - 1)).split('\0');
  if (isAbsent(-length)) return [];
  throw new NativeError('llistxattr', path, -length);
}

function isAbsent(errno: number): boolean {
  const name = errnoName(errno);
  return name === 'ENODATA' || name === 'EOPNOTSUPP';
}
