import { constants } from 'node:os';
import { type ErrorClass, type ErrorCode, SlipwayError } from '../base/index.ts';

let names: ReadonlyMap<number, string> | undefined;

/** `EPERM` for 1. */
export function errnoName(errno: number): string {
  names ??= new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
  return names.get(errno) ?? `errno ${errno}`;
}

/** A system call said no. Branch on `errno`. */
export class NativeError extends SlipwayError {
  readonly syscall: string;
  /** What was worked on: a path, or a word for it. */
  readonly about: string;
  /** The symbolic name: `EBUSY`. */
  readonly errno: string;

  constructor(syscall: string, about: string, errno: number, detail = '') {
    const name = errnoName(errno);
    const [code, kind] = classify(name);
    super(code, `${syscall} of \`${about}\` returned ${name}${detail === '' ? '' : `: ${detail}`}`, { class: kind });
    this.syscall = syscall;
    this.about = about;
    this.errno = name;
  }
}

function classify(errno: string): readonly [ErrorCode, ErrorClass] {
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
    case 'EROFS':
      return ['NATIVE_NOT_PERMITTED', 'permission'];
    case 'ENOSPC':
    case 'EDQUOT':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return ['NATIVE_NO_RESOURCES', 'resource'];
    case 'ENOSYS':
    case 'EOPNOTSUPP':
      return ['NATIVE_UNSUPPORTED', 'permission'];
    default:
      return ['NATIVE_FAILED', 'internal'];
  }
}

export function nativeUnavailable(message: string, cause?: unknown): SlipwayError {
  return new SlipwayError('NATIVE_UNAVAILABLE', message, {
    class: 'permission',
    cause,
    hint: 'run on Linux, x86-64 or arm64, and install the package with its optional dependencies',
  });
}
