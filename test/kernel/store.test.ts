import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hostPath, toSlipwayError } from '../../src/base/index.ts';
import { mount, umount } from '../../src/native/index.ts';
import { descriptorOf } from '../../src/oci/index.ts';
import { mountOverlay } from '../../src/rootfs/index.ts';
import { openStore, recoverStore, writeAside } from '../../src/store/index.ts';
import { needs } from './support/needs.ts';
import { mountsBelow, scratchDirectory } from './support/rootfs.ts';

const { signal } = new AbortController();

/** Hold the kernel's lock on `path` in another process, until it is killed. */
async function holdElsewhere(path: string): Promise<{ kill(): Promise<void> }> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  await once(child.stdout, 'data');
  return {
    async kill() {
      const gone = once(child, 'close');
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await gone;
    },
  };
}

needs('root').test('a lock is held against other processes, and is free when they die', async () => {
  using scratch = scratchDirectory();
  const { locks, paths } = openStore(scratch.path);
  const other = await holdElsewhere(paths.lock('a'));
  let waiting: Promise<Disposable> | undefined;
  try {
    expect(await locks.tryHold('a')).toBeUndefined();
    waiting = locks.hold('a', signal);
    expect(await Promise.race([waiting.then(() => 'held'), locks.tryHold('a').then(() => 'not yet')])).toBe('not yet');
  } finally {
    await other.kill();
  }
  using _mine = await waiting;
  expect(spawnSync('flock', ['-n', paths.lock('a'), 'true']).status).toBe(1);
});

needs('root', 'overlayfs').test(
  'recoverStore() unmounts what a dead process left mounted, also where the root is a symlink',
  async () => {
    using scratch = scratchDirectory();
    const real = scratch.make('real');
    symlinkSync(real, join(scratch.path, 'root'));
    const store = openStore(hostPath(join(scratch.path, 'root')));
    const lower = scratch.make('lower');
    writeFileSync(join(lower, 'keep'), 'x');
    const { pid } = spawnSync('true');
    const dead = store.paths.ingest(`${pid}-1-${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]}-x`);
    for (const name of ['u', 'w', 'm', 'mount-1-u', 'mount-1-w']) mkdirSync(join(dead, name), { recursive: true });
    const at = (name: string): ReturnType<typeof hostPath> => hostPath(join(dead, name));
    mountOverlay({ lowers: [lower], upper: at('u'), work: at('w'), target: at('m') });
    mkdirSync(at('m/inside'));
    mountOverlay({ lowers: [lower], upper: at('mount-1-u'), work: at('mount-1-w'), target: at('m/inside') });
    try {
      expect(mountsBelow(real)).toHaveLength(2);
      await recoverStore(store);
      expect(mountsBelow(real)).toEqual([]);
      expect(readdirSync(store.paths.ingest(''))).toEqual([]);
      expect(existsSync(join(lower, 'keep'))).toBe(true);
    } finally {
      for (const left of mountsBelow(real).reverse()) umount(left, { detach: true });
    }
  },
);

needs('root').test('a full disk is told as such, and leaves nothing half made', async () => {
  using scratch = scratchDirectory();
  const root = scratch.make('small');
  mount('tmpfs', root, 'tmpfs', 0, 'size=512k');
  try {
    const store = openStore(root);
    const bytes = Buffer.alloc(1 << 20, 'x');
    const expected = descriptorOf('text/plain', bytes);
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
    }
    const error: unknown = await store.blobs.ingest(expected, source(), { signal }).catch((thrown: unknown) => thrown);
    expect(toSlipwayError(error)).toMatchObject({ code: 'STORE_NO_SPACE', class: 'resource' });
    const create = (): void => {
      using writer = store.blobs.create();
      writer.write(bytes);
    };
    expect(create).toThrow('ENOSPC');
    expect(() => store.blobs.put('text/plain', bytes)).toThrow('ENOSPC');
    expect(() => writeAside(store.paths, hostPath(join(root, 'file')), bytes)).toThrow('ENOSPC');
    expect(readdirSync(store.paths.ingest(''))).toEqual([]);
    expect(store.blobs.has(expected.digest)).toBe(false);
    store.records.write('key', 'k', 'there is room again');
  } finally {
    umount(root);
  }
});
