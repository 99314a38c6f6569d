import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type HostPath, hostPath } from '../../src/base/index.ts';
import type { Entry, FileEntry } from '../../src/layer/index.ts';
import { getXattr, setXattr } from '../../src/native/index.ts';
import { mountOverlay, prepareMountPoints, removeMountStubs, walkUpper, writeDirectory } from '../../src/rootfs/index.ts';
import { createSandbox, writeHostsFiles } from '../../src/sandbox/index.ts';
import { needs } from './support/needs.ts';
import { busyboxRootfs, mountsBelow, scratchDirectory } from './support/rootfs.ts';

const kernel = needs('overlayfs', 'root');
const common = { mode: 0o644, uid: 0, gid: 0, mtimeSec: 1_000_000_000 };
const idle = new AbortController().signal;

interface Stack {
  readonly scratch: ReturnType<typeof scratchDirectory>;
  /** Topmost first; filled before the mount. */
  readonly lowers: HostPath[];
  /** Change the mounted tree, unmount, and walk what was written. */
  readonly change: (work: (root: HostPath) => Promise<void> | void) => Promise<Entry[]>;
  readonly upper: HostPath;
}

async function stack(work: (stack: Stack) => Promise<void>): Promise<void> {
  using scratch = scratchDirectory();
  const [upper, workDir, target] = [scratch.make('upper'), scratch.make('work'), scratch.make('merged')];
  const lowers: HostPath[] = [];
  await work({
    scratch,
    lowers,
    upper,
    async change(edit) {
      {
        await using mounted = mountOverlay({ lowers, upper, work: workDir, target });
        await edit(mounted.target);
      }
      expect(mountsBelow(scratch.path)).toEqual([]);
      return walkUpper(upper, { lowers });
    },
  });
}

const inKernel = (name: string, work: (stack: Stack) => Promise<void>): void => kernel.test(name, () => stack(work));

/** One line an entry, without what changes from run to run. */
function brief(entries: readonly Entry[]): string[] {
  return entries.map((entry) => {
    const more = 'target' in entry ? ` ${entry.target}` : entry.type === 'dir' && entry.opaque === true ? ' opaque' : '';
    return `${entry.type} ${entry.path}${more}`;
  });
}

function fill(directory: HostPath, files: Readonly<Record<string, string>>): HostPath {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

inKernel(
  'IMG-08 DF-RUN-35 walkUpper() tells a deleted file and a deleted directory as whiteouts',
  async ({ scratch, lowers, change }) => {
    lowers.push(fill(scratch.make('l'), { 'a/file': 'x', 'a/keep': 'x', 'gone/deep/file': 'x' }));
    const entries = await change((root) => {
      rmSync(join(root, 'a/file'));
      rmSync(join(root, 'gone'), { recursive: true });
    });
    expect(brief(entries)).toEqual(['dir a', 'whiteout a/file', 'whiteout gone']);
  },
);

inKernel(
  'IMG-08 walkUpper() writes a whiteout for each name that a replaced directory hides',
  async ({ scratch, lowers, change }) => {
    lowers.push(fill(scratch.make('l2'), { 'old/again/c': 'x', 'old/file': 'y' }));
    lowers.push(fill(scratch.make('l'), { 'old/again/b': 'x', 'old/file': 'x', 'old/z': 'x', file: 'x' }));
    const entries = await change((root) => {
      rmSync(join(root, 'old'), { recursive: true });
      mkdirSync(join(root, 'old/again'), { recursive: true });
      writeFileSync(join(root, 'old/again/c'), '');
      writeFileSync(join(root, 'old/new'), '');
      mkdirSync(join(root, 'fresh'));
      rmSync(join(root, 'file'));
      mkdirSync(join(root, 'file'));
    });
    expect(brief(entries)).toEqual([
      'dir file',
      'dir fresh',
      'dir old',
      'dir old/again',
      'whiteout old/again/b',
      'file old/again/c',
      'whiteout old/file',
      'file old/new',
      'whiteout old/z',
    ]);
  },
);

inKernel('IMG-12 walkUpper() leaves out directories in which nothing changed', async ({ scratch, lowers, change }) => {
  lowers.push(fill(scratch.make('l'), { 'a/b/file': 'x', 'c/file': 'x', 'd/file': 'x' }));
  const entries = await change((root) => {
    writeFileSync(join(root, 'a/b/tmp'), '');
    rmSync(join(root, 'a/b/tmp'));
    chmodSync(join(root, 'c'), 0o700);
    chmodSync(join(root, 'd/file'), 0o600);
  });
  expect(brief(entries)).toEqual(['dir c', 'dir d', 'file d/file']);
  expect(entries).toMatchObject([{ mode: 0o700 }, { mode: 0o755 }, { mode: 0o600, sizeBytes: 1 }]);
});

inKernel(
  'IMG-12 walkUpper() compares with what the layers show, not with what they hide',
  async ({ scratch, lowers, change }) => {
    const bottom = fill(scratch.make('bottom'), { 'a/file': 'x', 'b/file': 'x' });
    const middle = scratch.make('middle');
    writeDirectory(
      [
        { type: 'whiteout', path: 'a' },
        { ...common, type: 'dir', path: 'b', mode: 0o755, opaque: true },
      ],
      middle,
      { openFile: () => expect.unreachable() },
    );
    lowers.push(middle, bottom);
    const entries = await change((root) => {
      expect(readdirSync(root).sort()).toEqual(['b']);
      expect(readdirSync(join(root, 'b'))).toEqual([]);
      mkdirSync(join(root, 'a'), 0o755);
      mkdirSync(join(root, 'b/file'), 0o755);
    });
    expect(brief(entries)).toEqual(['dir a', 'dir b', 'dir b/file']);
  },
);

inKernel('IMG-09 walkUpper() tells hard links by their first name in order', async ({ lowers, change }) => {
  lowers.length = 0;
  const entries = await change((root) => {
    writeFileSync(join(root, 'b'), 'x');
    mkdirSync(join(root, 'a'));
    linkSync(join(root, 'b'), join(root, 'a/z'));
    linkSync(join(root, 'b'), join(root, 'a.txt'));
  });
  expect(brief(entries)).toEqual(['dir a', 'file a/z', 'hardlink a.txt a/z', 'hardlink b a/z']);
});

inKernel('IMG-10 walkUpper() keeps file capabilities and drops other attributes', async ({ scratch, lowers, change }) => {
  lowers.push(scratch.make('l'));
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const entries = await change((root) => {
    writeFileSync(join(root, 'ping'), 'x');
    setXattr(join(root, 'ping'), 'security.capability', capability);
    setXattr(join(root, 'ping'), 'user.other', Buffer.from('x'));
  });
  expect(entries).toMatchObject([{ path: 'ping', xattrs: { 'security.capability': capability.toString('base64') } }]);
  expect(Object.keys((entries[0] as FileEntry).xattrs ?? {})).toHaveLength(1);
});

inKernel(
  'walkUpper() reads owners, modes, links, devices, whole seconds, and skips sockets',
  async ({ scratch, lowers, change }) => {
    lowers.push(scratch.make('l'));
    const entries = await change(async (root) => {
      writeFileSync(join(root, 'file'), 'four');
      chownSync(join(root, 'file'), 1000, 2000);
      chmodSync(join(root, 'file'), 0o4755);
      utimesSync(join(root, 'file'), 7, 1234.9);
      symlinkSync('/etc/../x', join(root, 'link'));
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
      renameSync(join(root, 'socket'), join(root, 'kept-socket'));
      await new Promise((resolve) => server.close(resolve));
      writeDirectory([{ ...common, type: 'char', path: 'null', major: 1, minor: 3 }], hostPath(root), {
        openFile: () => expect.unreachable(),
      });
    });
    expect(entries).toEqual([
      { type: 'file', path: 'file', mode: 0o4755, uid: 1000, gid: 2000, mtimeSec: 1234, sizeBytes: 4 },
      expect.objectContaining({ type: 'symlink', path: 'link', target: '/etc/../x' }),
      { type: 'char', path: 'null', mode: 0o644, uid: 0, gid: 0, mtimeSec: common.mtimeSec, major: 1, minor: 3 },
    ]);
  },
);

inKernel('IMG-08 IMG-09 IMG-10 writeDirectory() makes what walkUpper() reads back', async ({ scratch }) => {
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('base64');
  const bytes = Buffer.from('content');
  const entries: Entry[] = [
    { ...common, type: 'dir', path: 'a', mode: 0o1777, uid: 5, gid: 6 },
    { ...common, type: 'file', path: 'a/suid', mode: 0o4711, uid: 1000, gid: 1000, sizeBytes: 7 },
    { ...common, type: 'symlink', path: 'a/to', mode: 0o777, target: '/etc/passwd', uid: 3 },
    { type: 'hardlink', path: 'a/two', target: 'a/suid' },
    { ...common, type: 'dir', path: 'b', mode: 0o755, opaque: true },
    { ...common, type: 'file', path: 'cap', sizeBytes: 7, uid: 1, xattrs: { 'security.capability': capability } },
    { ...common, type: 'fifo', path: 'fifo', mode: 0o600, major: 0, minor: 0 },
    { type: 'whiteout', path: 'gone' },
    { ...common, type: 'block', path: 'loop', mode: 0o660, gid: 6, major: 7, minor: 300 },
  ];
  const dest = scratch.make('dest');
  writeDirectory(entries, dest, { openFile: () => ({ kind: 'bytes', bytes }) });
  const lower = fill(scratch.make('lower'), { 'b/hidden': '' });
  // What an opaque directory hides is told name by name, as the field's differs write it.
  const expected = entries.flatMap((entry): Entry[] => {
    if (entry.type !== 'dir' || entry.opaque !== true) return [entry];
    const { opaque: _, ...plain } = entry;
    return [plain, { type: 'whiteout', path: 'b/hidden' }];
  });
  expect(walkUpper(dest, { lowers: [lower] })).toEqual(expected);
  expect(readFileSync(join(dest, 'a/two'), 'utf8')).toBe('content');
});

inKernel('writeDirectory() links where the inode would be equal, and copies where it would not', async ({ scratch }) => {
  const from = scratch.make('from');
  const big = 'x'.repeat(200_000);
  fill(from, { same: 'same', other: 'other', big, blob: 'HEADcontent' });
  for (const name of ['same', 'other', 'big']) utimesSync(join(from, name), common.mtimeSec, common.mtimeSec + 0.7);
  const dest = scratch.make('dest');
  const entries: Entry[] = [
    { ...common, type: 'file', path: 'big', uid: 9, sizeBytes: big.length },
    { ...common, type: 'file', path: 'other', mode: 0o600, sizeBytes: 5 },
    { ...common, type: 'file', path: 'part', sizeBytes: 7 },
    { ...common, type: 'file', path: 'same', sizeBytes: 4 },
  ];
  const result = writeDirectory(entries, dest, {
    openFile: ({ path }) =>
      path === 'part'
        ? { kind: 'copy', path: hostPath(join(from, 'blob')), offset: 4, sizeBytes: 7 }
        : { kind: 'link', path: hostPath(join(from, path)) },
  });
  expect(result).toEqual({ linkedFiles: 1, copiedBytes: big.length + 12 });
  expect(statSync(join(dest, 'same')).ino).toBe(statSync(join(from, 'same')).ino);
  expect(lstatSync(join(dest, 'other'))).toMatchObject({ nlink: 1, mode: 0o100600 });
  expect(lstatSync(join(from, 'other')).mode).toBe(0o100644);
  expect(readFileSync(join(dest, 'part'), 'utf8')).toBe('content');
  expect(readFileSync(join(dest, 'big'), 'utf8')).toBe(big);
  expect(lstatSync(join(dest, 'big'))).toMatchObject({ uid: 9, mtimeMs: common.mtimeSec * 1000 });
});

inKernel('mountOverlay() stacks 200 layers with long names', async ({ scratch, lowers, change }) => {
  const long = 'n'.repeat(60);
  for (let layer = 0; layer < 200; layer++)
    lowers.unshift(fill(scratch.make(`${long}${layer}`), { [`file${layer}`]: '', top: `${layer}` }));
  const entries = await change((root) => {
    expect(readdirSync(root)).toHaveLength(201);
    expect(readFileSync(join(root, 'top'), 'utf8')).toBe('199');
    rmSync(join(root, 'file0'));
  });
  expect(brief(entries)).toEqual(['whiteout file0']);
});

inKernel('mountOverlay() takes names with colons, commas and backslashes', async ({ scratch, lowers, change }) => {
  lowers.push(fill(scratch.make('a:b,c\\d=e'), { file: 'x' }));
  const entries = await change((root) => rmSync(join(root, 'file')));
  expect(brief(entries)).toEqual(['whiteout file']);
});

inKernel('mountOverlay() works on nothing at all', async ({ change, upper }) => {
  expect(brief(await change((root) => writeFileSync(join(root, 'first'), '')))).toEqual(['file first']);
  expect(existsSync(join(upper, 'first'))).toBe(true);
});

inKernel('mountOverlay() says what the kernel said', async ({ scratch, lowers }) => {
  lowers.push(scratch.make('l'));
  const absent = hostPath(join(scratch.path, 'absent'));
  expect(() => mountOverlay({ lowers, upper: absent, work: absent, target: scratch.make('t') })).toThrow(
    /^overlayfs: mount returned ENOENT for/,
  );
});

inKernel('leaving a mount that is in use does not fail', async ({ scratch, lowers }) => {
  lowers.push(fill(scratch.make('l'), { file: 'x' }));
  const target = scratch.make('m');
  const mounted = mountOverlay({ lowers, upper: scratch.make('u'), work: scratch.make('w'), target });
  const { openSync, closeSync } = await import('node:fs');
  const fd = openSync(join(target, 'file'), 'r');
  await mounted[Symbol.asyncDispose]();
  await mounted[Symbol.asyncDispose]();
  expect(mountsBelow(scratch.path)).toEqual([]);
  closeSync(fd);
});

inKernel('DF-RUN-24 removeMountStubs() leaves no trace of mount points', async ({ scratch, lowers, change }) => {
  const lower = fill(scratch.make('l'), { 'etc/passwd': '', 'opt/x': '' });
  for (const name of ['etc', 'opt']) utimesSync(join(lower, name), 5000, 5000);
  lowers.push(lower);
  const entries = await change((root) => {
    const stubs = prepareMountPoints(root, [
      { path: '/proc', kind: 'dir' },
      { path: '/etc/hosts', kind: 'file' },
      { path: '/opt/deep/er/cache', kind: 'dir' },
      { path: '/opt/deep/er/cache/inside', kind: 'dir' },
      { path: '/run/secrets/token', kind: 'file' },
    ]);
    expect(lstatSync(join(root, 'opt/deep/er/cache')).isDirectory()).toBe(true);
    expect(readdirSync(join(root, 'opt/deep/er/cache'))).toEqual([]);
    expect(lstatSync(join(root, 'etc/hosts')).isFile()).toBe(true);
    removeMountStubs(stubs);
    expect(lstatSync(join(root, 'etc')).mtimeMs).toBe(5_000_000);
    expect(lstatSync(join(root, 'opt')).mtimeMs).toBe(5_000_000);
  });
  expect(entries).toEqual([]);
});

inKernel('DF-RUN-24 removeMountStubs() keeps what the process filled', async ({ scratch, lowers, change }) => {
  lowers.push(scratch.make('l'));
  const entries = await change((root) => {
    const stubs = prepareMountPoints(root, [
      { path: '/a/b/c', kind: 'dir' },
      { path: '/f/g', kind: 'file' },
    ]);
    writeFileSync(join(root, 'a/b/own'), '');
    writeFileSync(join(root, 'f/g'), 'filled');
    removeMountStubs(stubs);
  });
  expect(brief(entries)).toEqual(['dir a', 'dir a/b', 'file a/b/own', 'dir f', 'file f/g']);
});

inKernel(
  'prepareMountPoints() follows symlinks inside the root only, before and after the run',
  async ({ scratch, lowers, change }) => {
    const outside = scratch.make('outside');
    writeFileSync(join(outside, 'stub'), '');
    const lower = fill(scratch.make('l'), { 'real/x': '' });
    symlinkSync('/real', join(lower, 'link'));
    symlinkSync(outside, join(lower, 'evil'));
    lowers.push(lower);
    await change((root) => {
      const stubs = prepareMountPoints(root, [
        { path: '/link/point', kind: 'dir' },
        { path: '/evil/made', kind: 'dir' },
        { path: '/moved/stub', kind: 'file' },
      ]);
      expect(existsSync(join(root, 'real/point'))).toBe(true);
      expect(existsSync(join(root, outside, 'made'))).toBe(true);
      expect(readdirSync(outside)).toEqual(['stub']);
      rmSync(join(root, 'moved'), { recursive: true });
      symlinkSync(outside, join(root, 'moved'));
      removeMountStubs(stubs);
      expect(readdirSync(outside)).toEqual(['stub']);
      expect(readlinkSync(join(root, 'moved'))).toBe(outside);
    });
  },
);

const whole = needs('overlayfs', 'oci-runtime');

whole.test('DF-RUN-28 DF-RUN-34 DF-RUN-35 a RUN leaves its own files in the layer and nothing of the sandbox', () =>
  stack(async ({ scratch, lowers, change }) => {
    lowers.push(busyboxRootfs(scratch.make('base')));
    const sandbox = await createSandbox({ stateDir: scratch.make('state'), signal: idle });
    const run = (root: HostPath, text: string): Promise<{ code: number }> => {
      const mounts = writeHostsFiles(scratch.make('hosts'), { hostname: 'h', extraHosts: [], network: 'host' });
      const standard = ['/proc', '/dev', '/sys'].map((path) => ({ path, kind: 'dir' as const }));
      const stubs = prepareMountPoints(root, [
        ...standard,
        ...mounts.map(({ destination: path }) => ({ path, kind: 'file' as const })),
      ]);
      return sandbox
        .run(
          {
            root,
            args: ['/bin/sh', '-c', text],
            env: [],
            cwd: '/',
            uid: 0,
            gid: 0,
            additionalGids: [0],
            hostname: 'h',
            network: 'host',
            insecure: false,
            mounts,
            ulimits: [],
          },
          { signal: idle, onOutput: () => undefined },
        )
        .finally(() => removeMountStubs(stubs));
    };
    const entries = await change(async (root) => {
      expect(
        await run(root, 'mkdir /run; echo pid > /run/x; rm /etc/group; echo > /dev/shm/y; cat /etc/hosts > /etc/copy'),
      ).toMatchObject({ code: 0 });
    });
    expect(brief(entries)).toEqual(['dir etc', 'file etc/copy', 'whiteout etc/group', 'dir run', 'file run/x']);
  }),
);

whole.test('DF-RUN-35 a RUN that changes nothing makes an empty layer, also on an image without /proc, /dev and /etc', () =>
  stack(async ({ scratch, lowers, change }) => {
    const base = scratch.make('base');
    mkdirSync(join(base, 'bin'));
    writeFileSync(join(base, 'bin/sh'), readFileSync('/bin/busybox'), { mode: 0o755 });
    lowers.push(base);
    const sandbox = await createSandbox({ stateDir: scratch.make('state'), signal: idle });
    const entries = await change(async (root) => {
      const points = ['/proc', '/dev', '/sys'].map((path) => ({ path, kind: 'dir' as const }));
      const stubs = prepareMountPoints(root, [...points, { path: '/etc/hosts', kind: 'file' }]);
      const mounts = writeHostsFiles(scratch.make('hosts'), { hostname: 'h', extraHosts: [], network: 'host' }).slice(0, 1);
      const more = {
        cwd: '/',
        uid: 0,
        gid: 0,
        additionalGids: [0],
        hostname: 'h',
        network: 'none',
        insecure: false,
        ulimits: [],
      } as const;
      const exit = await sandbox.run(
        { root, args: ['/bin/sh', '-c', 'true'], env: [], mounts, ...more },
        { signal: idle, onOutput: () => undefined },
      );
      expect(exit.code).toBe(0);
      removeMountStubs(stubs);
    });
    expect(entries).toEqual([]);
    expect(getXattr(scratch.path, 'trusted.overlay.opaque')).toBeUndefined();
  }),
);
