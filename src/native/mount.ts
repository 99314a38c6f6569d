import { nativeFunction } from './libc.ts';
import { NativeError } from './native-error.ts';

export type MountFlag =
  | 'readonly'
  | 'nosuid'
  | 'nodev'
  | 'noexec'
  | 'remount'
  | 'noatime'
  | 'bind'
  | 'move'
  | 'recursive'
  | 'private'
  | 'slave'
  | 'strictatime';

/** Flags of mount(2). */
export const mountFlags: Readonly<Record<MountFlag, number>> = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  bind: 4096,
  move: 8192,
  recursive: 16384,
  private: 262144,
  slave: 524288,
  strictatime: 16777216,
};

const mountCall = nativeFunction<[string, string, string | null, number, string | null]>('mount', 'int', [
  'str',
  'str',
  'str',
  'unsigned long',
  'str',
]);
const umountCall = nativeFunction<[string, number]>('umount2', 'int', ['str', 'int']);

/** The kernel reads one page of options, its closing zero included. */
export const maxMountDataBytes = 4095;

/**
 * mount(2).
 * @throws {NativeError}
 */
export function mount(source: string, target: string, fstype: string | null, flags: number, data: string | null = null): void {
  mountCall.call(target, source, target, fstype, flags, data);
}

const detachFlag = 2;
const noFollowFlag = 8;

/**
 * Take the mount off `target`. With `detach` it leaves the tree at once and goes when its last user does.
 * @throws {NativeError} `EBUSY` while it is used; `EINVAL` when nothing is mounted there
 */
export function umount(target: string, options: { readonly detach?: boolean } = {}): void {
  umountCall.call(target, target, noFollowFlag | (options.detach === true ? detachFlag : 0));
}

/** Like `umount`, but answers whether it went: false when the mount is in use. */
export function tryUmount(target: string): boolean {
  const result = umountCall.raw(target, noFollowFlag);
  if (result === 0) return true;
  const error = new NativeError('umount2', target, -result);
  if (error.errno === 'EBUSY') return false;
  throw error;
}
