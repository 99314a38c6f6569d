import {
  closeSync,
  mkdtempSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  lstatSync,
  symlinkSync,
  writeFileSync,
  writeSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import {
  copyFileRange,
  flock,
  getXattr,
  listXattrs,
  mknod,
  mount,
  NativeError,
  packDevice,
  pipe,
  resolveInRoot,
  setXattr,
  tryFlock,
  tryUmount,
  unflock,
  unpackDevice,
} from './index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'native-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.runIf(process.platform === 'linux')('system calls', () => {
  test('mount() names the call, the path and the error when the kernel refuses', () => {
    const error = thrown(() => mount('none', join(dir, 'absent'), 'tmpfs', 0));
    expect(error).toBeInstanceOf(NativeError);
    expect(error).toMatchObject({ syscall: 'mount', about: join(dir, 'absent') });
    expect((error as NativeError).message).toMatch(/^mount of `.*absent` returned E(NOENT|PERM)$/);
  });

  test('tryUmount() throws when nothing is mounted', () => {
    expect(thrown(() => tryUmount(dir))).toMatchObject({ syscall: 'umount2' });
  });

  test('getXattr() reads what setXattr() wrote, and knows absence', () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    expect(getXattr(file, 'user.none')).toBeUndefined();
    setXattr(file, 'user.slipway', Buffer.from([0, 1, 255]));
    expect(getXattr(file, 'user.slipway')).toEqual(Buffer.from([0, 1, 255]));
    expect(listXattrs(file)).toEqual(['user.slipway']);
    expect(thrown(() => getXattr(join(dir, 'absent'), 'user.none'))).toMatchObject({ errno: 'ENOENT', code: 'NATIVE_FAILED' });
  });

  test('mknod() makes a FIFO', () => {
    mknod(join(dir, 'fifo'), 'fifo', 0o600, { major: 0, minor: 0 });
    expect(lstatSync(join(dir, 'fifo')).isFIFO()).toBe(true);
  });

  test('pipe() gives two ends of one pipe, not a socket', () => {
    const { readFd, writeFd } = pipe();
    writeSync(writeFd, 'through');
    const buffer = Buffer.alloc(16);
    expect(buffer.toString('utf8', 0, readSync(readFd, buffer))).toBe('through');
    closeSync(writeFd);
    closeSync(readFd);
  });

  test('copyFileRange() copies from an offset', () => {
    writeFileSync(join(dir, 'from'), '0123456789');
    const from = openSync(join(dir, 'from'), 'r');
    const to = openSync(join(dir, 'to'), 'w');
    expect(copyFileRange(from, 4, to, 3)).toBe(3);
    closeSync(from);
    closeSync(to);
    expect(readFileSync(join(dir, 'to'), 'utf8')).toBe('456');
  });

  test('flock() waits for the holder and stops waiting when told', async () => {
    const file = join(dir, 'lock');
    writeFileSync(file, '');
    const first = openSync(file, 'r');
    const second = openSync(file, 'r');
    expect(tryFlock(first, 'exclusive')).toBe(true);
    expect(tryFlock(second, 'shared')).toBe(false);
    const stop = new AbortController();
    const abandoned = flock(second, 'exclusive', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(abandoned).rejects.toThrow('enough');
    const waiting = flock(second, 'exclusive', { signal: new AbortController().signal });
    unflock(first);
    await waiting;
    expect(tryFlock(first, 'shared')).toBe(false);
    closeSync(first);
    closeSync(second);
  });
});

test('unpackDevice() is the inverse of packDevice()', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (major, minor) => {
      expect(unpackDevice(packDevice(major, minor))).toEqual({ major, minor });
    }),
  );
  expect(packDevice(1, 3)).toBe(0x103n);
});

describe('resolveInRoot()', () => {
  test.for([
    ['/etc/hosts', 'etc/hosts'],
    ['etc/../../../../etc/passwd', 'etc/passwd'],
    ['/absolute/passwd', 'etc/passwd'],
    ['/climbing/passwd', 'etc/passwd'],
    ['/absolute/../x', 'x'],
    ['/file/below', 'file/below'],
    ['/dangling', 'run/nowhere'],
    ['/', ''],
  ] as const)('keeps %s inside', ([path, want]) => {
    mkdirSync(join(dir, 'etc'));
    symlinkSync('/etc', join(dir, 'absolute'));
    symlinkSync('../../../../../../etc', join(dir, 'climbing'));
    symlinkSync('/run/nowhere', join(dir, 'dangling'));
    writeFileSync(join(dir, 'file'), '');
    expect(resolveInRoot(hostPath(dir), path)).toBe(join(dir, want));
  });

  test('leaves the last link alone when asked to', () => {
    symlinkSync('/etc', join(dir, 'link'));
    expect(resolveInRoot(hostPath(dir), '/link/', { followLast: false })).toBe(join(dir, 'link'));
  });

  test('refuses a loop', () => {
    symlinkSync('b', join(dir, 'a'));
    symlinkSync('a', join(dir, 'b'));
    expect(thrown(() => resolveInRoot(hostPath(dir), '/a'))).toMatchObject({ code: 'NATIVE_LINK_LOOP' });
  });
});
