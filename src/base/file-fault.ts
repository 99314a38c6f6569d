import type { ErrorClass } from './errors.ts';

/** What the system says of a path that it does not open, read or change, and who has to act. */
const faults: Readonly<Record<string, readonly [words: string, errorClass: ErrorClass]>> = {
  EACCES: ['permission denied', 'permission'],
  EIO: ['input/output error', 'resource'],
  EISDIR: ['is a directory', 'input'],
  ELOOP: ['too many levels of symbolic links', 'input'],
  EMFILE: ['too many open files', 'resource'],
  ENAMETOOLONG: ['file name too long', 'input'],
  ENFILE: ['too many open files in system', 'resource'],
  EPERM: ['operation not permitted', 'permission'],
  EROFS: ['read-only file system', 'permission'],
};

export interface FileFault {
  /** `/etc/x: permission denied`; without the path where the system does not tell it. */
  readonly message: string;
  /** `permission denied` */
  readonly words: string;
  readonly class: ErrorClass;
}

/** The fault of a file behind an error of Node; `undefined` for every other error. */
export function fileFault({
  code,
  path,
  dest,
  syscall,
}: Partial<NodeJS.ErrnoException> & { dest?: string }): FileFault | undefined {
  const found = code !== undefined && Object.hasOwn(faults, code) ? faults[code] : undefined;
  const about = dest ?? path;
  if (found === undefined || (about === undefined && syscall !== 'read')) return undefined;
  const [words, errorClass] = found;
  return { message: about === undefined ? words : `${about}: ${words}`, words, class: errorClass };
}
