import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostPath, hostPath } from '../base/index.ts';
import type { DirEntry, Entry, FileEntry, SymlinkEntry } from '../layer/index.ts';
import { removeTree } from '../native/index.ts';
import { createDirectoryWriter, type DirectoryIo, walkUpper, writeDirectory } from './index.ts';

let dir: string;
let dest: HostPath;
let outside: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'writer-test-'));
  dest = hostPath(join(dir, 'dest'));
  outside = join(dir, 'outside');
  mkdirSync(dest);
  mkdirSync(outside);
  writeFileSync(join(outside, 'file'), 'precious');
});
afterEach(() => {
  expect(readdirSync(outside)).toEqual(['file']);
  expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('precious');
  rmSync(dir, { recursive: true, force: true });
});

const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const file = (path: string, more: Partial<FileEntry> = {}): FileEntry => ({
  type: 'file',
  path,
  mode: 0o644,
  ...owner,
  mtimeSec: 1000,
  sizeBytes: 1,
  ...more,
});
const folder = (path: string, more: Partial<DirEntry> = {}): DirEntry => ({
  type: 'dir',
  path,
  mode: 0o755,
  ...owner,
  mtimeSec: 2000,
  ...more,
});
const link = (path: string, target: string): SymlinkEntry => ({
  type: 'symlink',
  path,
  mode: 0o777,
  ...owner,
  mtimeSec: 3000,
  target,
});
const x: DirectoryIo = { openFile: () => ({ kind: 'bytes', bytes: Buffer.from('x') }) };

describe.runIf(process.platform === 'linux')('writeDirectory()', () => {
  test('IMG-09 writes what walkUpper() reads back, times of directories included', () => {
    const entries: Entry[] = [
      folder('a', { mode: 0o700 }),
      folder('a/b', { mode: 0o555 }),
      file('a/b/file'),
      file('a.txt', { mode: 0o4755 }),
      { type: 'hardlink', path: 'b', target: 'a/b/file' },
      link('c', '/etc/passwd'),
    ];
    writeDirectory(entries, dest, x);
    expect(walkUpper(dest, { lowers: [] })).toEqual(entries);
  });

  test.for(['../escape', '/absolute', 'a/../../b', '', '.', 'a//b', 'a/', 'nul\0'])('refuses the path `%s`', (path) => {
    expect(() => writeDirectory([file(path)], dest, x)).toThrow(expect.objectContaining({ code: 'ROOTFS_BAD_PATH' }));
  });

  test('refuses entries below a symlink of the same layer, wherever it points', () => {
    const hostile = [link('way', outside), file('way/file')];
    expect(() => writeDirectory(hostile, dest, x)).toThrow(expect.objectContaining({ code: 'ROOTFS_PARENT_NOT_DIRECTORY' }));
  });

  test('refuses entries below a file', () => {
    expect(() => writeDirectory([file('a'), file('a/b')], dest, x)).toThrow(
      expect.objectContaining({ code: 'ROOTFS_PARENT_NOT_DIRECTORY' }),
    );
  });

  test.for(['../outside/file', '/etc/passwd', 'absent', 'way/file', 'folder'])('refuses a hard link to `%s`', (target) => {
    const hostile: Entry[] = [{ type: 'hardlink', path: 'a', target }, folder('folder'), link('way', outside)];
    expect(() => writeDirectory(hostile, dest, x)).toThrow(expect.objectContaining({ code: 'ROOTFS_LINK_TARGET' }));
  });

  test('links a symlink itself, not what it points to', () => {
    writeDirectory([link('a', join(outside, 'file')), { type: 'hardlink', path: 'b', target: 'a' }], dest, x);
    expect(readlinkSync(join(dest, 'b'))).toBe(join(outside, 'file'));
    expect(lstatSync(join(outside, 'file')).nlink).toBe(1);
  });

  test('never sets attributes that overlayfs listens to', () => {
    const xattrs = {
      'trusted.overlay.redirect': Buffer.from('/x').toString('base64'),
      'user.overlay.opaque': 'eQ==',
      'user.fine': 'eA==',
    };
    expect(() => writeDirectory([folder('a', { xattrs })], dest, x)).not.toThrow();
  });

  test('says so when a source is too short', () => {
    const entry = file('a', { sizeBytes: 100 });
    const short = hostPath(join(outside, 'file'));
    expect(() => writeDirectory([entry], dest, { openFile: () => ({ kind: 'copy', path: short, sizeBytes: 100 }) })).toThrow(
      expect.objectContaining({ code: 'ROOTFS_SHORT_CONTENT' }),
    );
    expect(() => writeDirectory([file('b', { sizeBytes: 2 })], dest, x)).toThrow(
      expect.objectContaining({ code: 'ROOTFS_SHORT_CONTENT' }),
    );
  });

  test('does not read a source that became a symlink', () => {
    symlinkSync(join(outside, 'file'), join(dir, 'swapped'));
    const openFile = (): { kind: 'link'; path: HostPath } => ({ kind: 'link', path: hostPath(join(dir, 'swapped')) });
    expect(() => writeDirectory([file('a', { sizeBytes: 8 })], dest, { openFile })).toThrow(/ELOOP/);
  });
});

describe.runIf(process.platform === 'linux')('createDirectoryWriter()', () => {
  test('lets the last entry of a path win, whatever it was before', () => {
    const writer = createDirectoryWriter(dest);
    writer.addFile(file('a'), [Buffer.from('1')]);
    writer.addFile(file('a'), [Buffer.from('2')]);
    writer.add(link('b', outside));
    writer.add(folder('b'));
    writer.addFile(file('b/in'), [Buffer.from('3')]);
    writer.add(folder('c/d'));
    writer.add(link('c', 'a'));
    writer.finish();
    expect(readFileSync(join(dest, 'a'), 'utf8')).toBe('2');
    expect(readFileSync(join(dest, 'b/in'), 'utf8')).toBe('3');
    expect(readlinkSync(join(dest, 'c'))).toBe('a');
  });

  test('asks for the metadata of directories that have no entry', () => {
    const asked: string[] = [];
    const writer = createDirectoryWriter(dest, {
      implicitDirectory(path) {
        asked.push(path);
        return folder(path, { mode: 0o711 });
      },
    });
    writer.addFile(file('x/y/z'), [Buffer.from('1')]);
    writer.finish();
    expect(asked).toEqual(['x', 'x/y']);
    expect(lstatSync(join(dest, 'x/y'))).toMatchObject({ mode: 0o40711, mtimeMs: 2_000_000 });
  });

  test('takes content in pieces, between other entries', () => {
    const writer = createDirectoryWriter(dest);
    const open = writer.beginFile(file('big', { sizeBytes: 4 }));
    open.write(Buffer.from('ab'));
    writer.addFile(file('small'), [Buffer.from('s')]);
    open.write(Buffer.from('cd'));
    open.end();
    writer.finish();
    expect(readFileSync(join(dest, 'big'), 'utf8')).toBe('abcd');
    expect(lstatSync(join(dest, 'big')).mtimeMs).toBe(1_000_000);
  });

  test('IMG-08 keeps what the same layer adds at a whiteout', () => {
    const writer = createDirectoryWriter(dest);
    writer.add({ type: 'whiteout', path: 'a' });
    writer.addFile(file('a'), [Buffer.from('1')]);
    writer.finish();
    expect(lstatSync(join(dest, 'a')).isFile()).toBe(true);
    expect(existsSync(join(dest, '.wh.a'))).toBe(false);
  });
});

describe.runIf(process.platform === 'linux')('walkUpper()', () => {
  test('walks a tree of 700 levels', () => {
    mkdirSync(join(dest, 'd/'.repeat(700)), { recursive: true });
    expect(walkUpper(dest, { lowers: [] })).toHaveLength(700);
    removeTree(dest);
  });

  test('names the place in a tree that is too deep for any path', () => {
    const inner = join(dir, 'inner');
    const way = `${'n'.repeat(250)}/`.repeat(12);
    for (const tree of [dest, inner]) mkdirSync(join(tree, way), { recursive: true });
    renameSync(inner, join(dest, way, 'inner'));
    expect(() => walkUpper(dest, { lowers: [] })).toThrow(
      expect.objectContaining({ code: 'ROOTFS_PATH_TOO_LONG', class: 'step' }),
    );
    removeTree(dest);
  });
});
