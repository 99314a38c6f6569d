import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyTree, type Tree, type TreeNode } from '../layer/index.ts';
import { findShell } from './find-shell.ts';

function file(path: string): TreeNode {
  return {
    entry: { type: 'file', path, mode: 0o755, uid: 0, gid: 0, mtimeSec: 0, sizeBytes: 1 },
    origin: undefined,
    children: undefined,
  };
}

function link(path: string, target: string): TreeNode {
  return {
    entry: { type: 'symlink', path, mode: 0o777, uid: 0, gid: 0, mtimeSec: 0, target },
    origin: undefined,
    children: undefined,
  };
}

function treeOf(bin: Readonly<Record<string, TreeNode>>): Tree {
  const root = emptyTree.root;
  return { root: { ...root, children: new Map([['bin', { ...root, children: new Map(Object.entries(bin)) }]]) } };
}

test('findShell() prefers bash, and follows links inside the tree', () => {
  const busybox = { busybox: file('bin/busybox'), sh: link('bin/sh', '/bin/busybox') };
  expect(findShell(treeOf(busybox), '').args).toEqual(['/bin/sh']);
  expect(findShell(treeOf({ ...busybox, bash: file('bin/bash') }), '').args).toEqual(['/bin/bash']);
});

test('findShell() takes no link that leads nowhere in the tree for a shell', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-shell-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  writeFileSync(join(scratch, 'busybox'), elf(0));
  const { args, files } = findShell(treeOf({ sh: link('bin/sh', '/nowhere') }), scratch);
  expect(args).toEqual(['/.slipway/busybox', 'sh']);
  expect([...files.values()]).toEqual([join(scratch, 'busybox')]);
});

/** An ELF header with one program header of this type. */
function elf(segment: number): Buffer {
  const bytes = Buffer.alloc(64 + 56);
  bytes.write('\u007fELF', 'latin1');
  bytes.set([2, 1], 4);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(segment, 64);
  return bytes;
}

test.for([
  ['needs a dynamic linker', elf(3)],
  ['is a script', Buffer.from('#!/bin/sh\n')],
] as const)('findShell() lends no busybox that %s', ([, bytes]) => {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-shell-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  writeFileSync(join(scratch, 'busybox'), bytes);
  let files: readonly string[] = [];
  try {
    files = [...findShell(emptyTree, scratch).files.values()];
  } catch (error) {
    expect(error).toMatchObject({ code: 'BUILD_NO_SHELL' });
  }
  expect(files).not.toContain(join(scratch, 'busybox'));
});
