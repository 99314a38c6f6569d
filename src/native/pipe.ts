import { nativeFunction } from './libc.ts';

const pipe2 = nativeFunction<[Uint8Array, number]>('pipe2', 'int', ['void *', 'int']);
const closeOnExec = 0o2000000;

/**
 * A real pipe: what Node gives a child instead is a socket, which the child cannot open again as `/dev/stdout`.
 * The caller closes both descriptors.
 * @throws {NativeError}
 */
export function pipe(): { readonly readFd: number; readonly writeFd: number } {
  const fds = Buffer.alloc(8);
  pipe2.call('pipe', fds, closeOnExec);
  return { readFd: fds.readInt32LE(0), writeFd: fds.readInt32LE(4) };
}
