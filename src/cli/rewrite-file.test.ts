import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rewriteFile } from './rewrite-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-rewrite-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'Dockerfile');

test('rewriteFile() keeps the mode, follows a link, and leaves nothing beside', () => {
  const link = join(folder, 'link');
  writeFileSync(path, 'a\n');
  chmodSync(path, 0o640);
  symlinkSync('Dockerfile', link);
  rewriteFile(link, 'a\n', 'b\n');
  expect(readFileSync(path, 'utf8')).toBe('b\n');
  expect(statSync(path).mode & 0o7777).toBe(0o640);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['Dockerfile', 'link']);
});

test('rewriteFile() leaves a file alone that changed meanwhile, or that holds no UTF-8', () => {
  writeFileSync(path, 'changed\n');
  expect(() => rewriteFile(path, 'a\n', 'b\n')).toThrow('changed while it was read');
  writeFileSync(path, Buffer.from([0x61, 0xff]));
  expect(() => rewriteFile(path, readFileSync(path, 'utf8'), 'b\n')).toThrow('not UTF-8');
  expect(readFileSync(path)).toEqual(Buffer.from([0x61, 0xff]));
});
