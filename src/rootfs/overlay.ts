import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HostPath, SlipwayError } from '../base/index.ts';
import { maxMountDataBytes, mount, mountFlags, mountWithParameters, NativeError, tryUmount, umount } from '../native/index.ts';

export interface OverlayOptions {
  /** Directory forms of the layers, topmost FIRST. They are never written. */
  readonly lowers: readonly HostPath[];
  /** Takes what is written: afterwards the directory form of a new layer. Its own mode is the mode of `/`. */
  readonly upper: HostPath;
  /** An empty directory beside `upper`, on the same file system; of no use afterwards, and never to be mounted again. */
  readonly work: HostPath;
  /** An existing directory. */
  readonly target: HostPath;
}

/** A mounted root file system; disposing of it takes the mount away. */
export interface MountedRootfs extends AsyncDisposable {
  readonly target: HostPath;
}

/** Plain uppers, which mean the same without overlayfs: no redirects, no files without their content, no index of inodes. */
const plain = ['index=off', 'redirect_dir=off', 'metacopy=off'] as const;

let isVolatileKnown = true;

/** The kernel's own bound: `OVL_MAX_STACK`. */
const maxLowers = 500;

/**
 * Stack `lowers` and `upper` at `target`.
 *
 * The mount is `volatile` where the kernel has it: leaving it does not write the whole file system to the disk, so that who
 * commits the upper directory decides what must be safe.
 * @throws {SlipwayError} `ROOTFS_OVERLAY_REFUSED`; `ROOTFS_TOO_MANY_LAYERS`
 */
export function mountOverlay(options: OverlayOptions): MountedRootfs {
  if (options.lowers.length > maxLowers) {
    throw new SlipwayError(
      'ROOTFS_TOO_MANY_LAYERS',
      `overlayfs stacks ${maxLowers} layers at most, and there are ${options.lowers.length}`,
      {
        hint: 'join some of the instructions into one, or begin a stage with what this one holds: `COPY --from=… / /`',
      },
    );
  }
  // With nothing below, the upper directory is the whole tree.
  if (options.lowers.length === 0) attempt(options, () => mount(options.upper, options.target, null, mountFlags.bind));
  else if (!isVolatileKnown) attempt(options, () => stack(options, plain));
  else {
    try {
      stack(options, [...plain, 'volatile']);
    } catch (error) {
      if (!(error instanceof NativeError) || error.errno !== 'EINVAL') throw refused(options, error);
      attempt(options, () => stack(options, plain));
      isVolatileKnown = false;
    }
  }
  return mounted(options.target);
}

function attempt(options: OverlayOptions, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw refused(options, error);
  }
}

function refused(options: OverlayOptions, cause: unknown): unknown {
  if (!(cause instanceof NativeError)) return cause;
  return new SlipwayError(
    'ROOTFS_OVERLAY_REFUSED',
    `overlayfs: ${cause.syscall} returned ${cause.errno} for \`${options.target}\``,
    {
      class: 'permission',
      cause,
      hint: 'mounting needs root or a user namespace, and a store on a file system that overlayfs accepts as upper directory',
    },
  );
}

/** Three ways to say the same, because the classic one ends at a page, and the one without an end needs Linux 6.5. */
function stack(options: OverlayOptions, flags: readonly string[]): void {
  const { lowers, upper, work, target } = options;
  const isPlainText = ![...lowers, upper, work].some((path) => /[\\:,]/.test(path));
  if (isPlainText) {
    const data = optionString(flags, lowers, upper, work);
    if (Buffer.byteLength(data) <= maxMountDataBytes) return mount('overlay', target, 'overlay', 0, data);
    if (mountWithParameters('overlay', parameters(flags, options), target)) return;
  }
  stackByDescriptor(options, flags);
}

function optionString(flags: readonly string[], lowers: readonly string[], upper: string, work: string): string {
  return `${flags.join(',')},lowerdir=${lowers.join(':')},upperdir=${upper},workdir=${work}`;
}

function parameters(flags: readonly string[], { lowers, upper, work }: OverlayOptions): (readonly [string, string?])[] {
  return [
    ['source', 'overlay'],
    ...flags.map((flag) => flag.split('=') as [string, string?]),
    ...lowers.map((lower): [string, string] => ['lowerdir+', lower]),
    ['upperdir', upper],
    ['workdir', work],
  ];
}

/** Descriptors have short names without special characters. */
function stackByDescriptor({ lowers, upper, work, target }: OverlayOptions, flags: readonly string[]): void {
  const fds: number[] = [];
  const short = (path: HostPath): string => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    fds.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  try {
    const data = optionString(flags, lowers.map(short), short(upper), short(work));
    if (Buffer.byteLength(data) > maxMountDataBytes) {
      throw new SlipwayError('ROOTFS_TOO_MANY_LAYERS', `this kernel cannot stack ${lowers.length} layers`, {
        hint: 'Linux 6.5 and newer can; or join some RUN instructions into one',
      });
    }
    mount('overlay', target, 'overlay', 0, data);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

const busyRetries = 10;
const busyPauseMs = 5;

function mounted(target: HostPath): MountedRootfs {
  let isMounted = true;
  return {
    target,
    async [Symbol.asyncDispose]() {
      if (!isMounted) return;
      isMounted = false;
      for (let attempts = 0; attempts < busyRetries; attempts++) {
        if (tryUmount(target)) return;
        await sleep(busyPauseMs);
      }
      umount(target, { detach: true });
    },
  };
}
