import { createRequire } from 'node:module';
import { encodeFileName, hasRawBytes } from '../base/index.ts';
import { NativeError, nativeUnavailable } from './native-error.ts';

/** What koffi hands out; only the part that is used here, so that its module is not loaded for its types. */
interface Koffi {
  load(path: string | null): {
    func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => number;
  };
  errno(): number;
}

type Arguments = readonly (string | number | bigint | Uint8Array | null)[];

interface Libc {
  readonly koffi: Koffi;
  readonly library: ReturnType<Koffi['load']>;
}

let loaded: Libc | undefined;

/** The C library of this very process. Loading it costs about 10 ms, so that happens at the first call of anything here. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux') throw nativeUnavailable(`system calls are made on Linux only, this is ${process.platform}`);
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    loaded = { koffi, library: koffi.load(null) };
    return loaded;
  } catch (error) {
    throw nativeUnavailable('the native bridge `koffi` cannot be loaded', error);
  }
}

/** The path of the bridge, for a child process that makes system calls of its own. */
export function bridgePath(): string {
  return createRequire(import.meta.url).resolve('koffi');
}

/** A function of the C library that answers -1 and sets errno when it fails. */
export interface NativeFunction<A extends Arguments> {
  /** The result, or minus the error number. */
  raw(...values: A): number;
  /** The result. @throws {NativeError} naming `about`, a path or another word for what was worked on */
  call(about: string, ...values: A): number;
}

/** Declare `name` of the C library. Nothing is loaded before the first call. */
export function nativeFunction<A extends Arguments>(
  name: string,
  result: 'int' | 'long',
  parameters: readonly string[],
): NativeFunction<A> {
  return bound(name, () => {
    const { library } = libc();
    return library.func(name, result, parameters);
  });
}

/**
 * Declare a system call by its number, for those the C library may not have. The numbers are those of x86-64 and arm64; calls
 * from 424 on have one number everywhere.
 */
export function systemCall<A extends Arguments>(
  name: string,
  numbers: { readonly x64: number; readonly arm64: number },
  parameters: readonly string[],
): NativeFunction<A> {
  return bound(name, () => {
    if (process.arch !== 'x64' && process.arch !== 'arm64') throw nativeUnavailable(`${name} is not known for ${process.arch}`);
    const number = numbers[process.arch];
    const call = libc().library.func('syscall', 'long', ['long', ...parameters]);
    return (...values) => call(number, ...values);
  });
}

const nul = Buffer.alloc(1);

/** The bridge encodes text as UTF-8; names that hold other bytes are given to it as bytes. */
function toC(value: unknown): unknown {
  return typeof value === 'string' && hasRawBytes(value) ? Buffer.concat([encodeFileName(value), nul]) : value;
}

function bound<A extends Arguments>(name: string, declare: () => (...values: unknown[]) => number): NativeFunction<A> {
  let declared: ((...values: unknown[]) => number) | undefined;
  const raw = (...values: A): number => {
    declared ??= declare();
    const result = declared(...values.map(toC));
    return result === -1 ? -(loaded?.koffi.errno() ?? 0) : result;
  };
  return {
    raw,
    call: (about, ...values) => {
      const result = raw(...values);
      if (result < 0) throw new NativeError(name, about, -result);
      return result;
    },
  };
}
