import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from './index.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'remove-tree-'));
});
afterEach(() => {
  removeTree(scratch);
  expect(existsSync(scratch)).toBe(false);
});

/** Directories inside each other, joined from pieces: the whole path may be longer than any path can be. */
function nest(pieces: number, levels: number, name: string): string {
  let tree = '';
  for (let piece = 0; piece < pieces; piece++) {
    const outer = join(scratch, `piece-${piece}`);
    const end = join(outer, ...Array.from({ length: levels }, () => name));
    mkdirSync(end, { recursive: true });
    writeFileSync(join(end, 'file'), '');
    if (tree !== '') renameSync(tree, join(end, name));
    tree = outer;
  }
  return tree;
}

test.for([
  [1, 1, 'd'],
  [3, 400, 'd'],
  [10, 10, 'n'.repeat(255)],
  [10, 10, '漢'.repeat(85)],
] as const)('removeTree() removes %i times %i levels a piece', ([pieces, levels, name]) => {
  const tree = nest(pieces, levels, name);
  writeFileSync(join(tree, 'beside'), '');
  removeTree(tree);
  expect(existsSync(tree)).toBe(false);
});

test('removeTree() removes names of any bytes, and links, not what they lead to', () => {
  writeFileSync(join(scratch, 'kept'), 'kept');
  const tree = join(scratch, 'tree');
  mkdirSync(tree);
  for (const byte of [0x80, 0xff]) mkdirSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([byte])]));
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff]), Buffer.from('/file')]), '');
  symlinkSync('..', join(tree, 'up'));
  removeTree(tree);
  expect(existsSync(tree)).toBe(false);
  expect(readFileSync(join(scratch, 'kept'), 'utf8')).toBe('kept');
});

test('removeTree() removes a file and a link, and takes nothing for nothing', () => {
  writeFileSync(join(scratch, 'file'), '');
  symlinkSync('file', join(scratch, 'link'));
  removeTree(join(scratch, 'link'));
  expect(existsSync(join(scratch, 'file'))).toBe(true);
  for (const name of ['file', 'file', 'file/below']) removeTree(join(scratch, name));
  expect(existsSync(join(scratch, 'file'))).toBe(false);
});
