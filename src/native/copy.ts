import { nativeFunction } from './libc.ts';
import { errnoName, NativeError } from './native-error.ts';

const ioctl = nativeFunction<[number, number, number]>('ioctl', 'int', ['int', 'unsigned long', 'int']);
const copyRange = nativeFunction<[number, Uint8Array | null, number, Uint8Array | null, number, number]>(
  'copy_file_range',
  'long',
  ['int', 'void *', 'int', 'void *', 'size_t', 'uint'],
);

const ficlone = 0x40049409;
const cannot: ReadonlySet<string> = new Set(['EOPNOTSUPP', 'ENOTTY', 'EXDEV', 'EINVAL', 'ENOSYS', 'EPERM', 'ETXTBSY']);

/** Let `targetFd` share all bytes of `sourceFd` (a reflink). Answers false where these file systems cannot. @throws {NativeError} */
export function cloneFile(sourceFd: number, targetFd: number): boolean {
  return done('ioctl FICLONE', ioctl.raw(targetFd, ficlone, sourceFd)) !== undefined;
}

/**
 * Copy up to `lengthBytes` bytes inside the kernel, from `offset` of `sourceFd` to the position of `targetFd`.
 * Answers how many went, 0 at the end of the source; undefined where these files cannot be copied so.
 * @throws {NativeError}
 */
export function copyFileRange(sourceFd: number, offset: number, targetFd: number, lengthBytes: number): number | undefined {
  const position = Buffer.alloc(8);
  position.writeBigInt64LE(BigInt(offset));
  return done('copy_file_range', copyRange.raw(sourceFd, position, targetFd, null, lengthBytes, 0));
}

function done(syscall: string, result: number): number | undefined {
  if (result >= 0) return result;
  if (cannot.has(errnoName(-result))) return undefined;
  throw new NativeError(syscall, 'file', -result);
}
