import { expect, test } from 'vitest';
import type { WireResponse } from '../../registry/index.ts';
import { downloadName } from './file-name.ts';

test.for<[url: string, wanted: string | undefined, disposition: string | undefined, name: string]>([
  ['http://h/a/b.txt?x=/y', undefined, undefined, 'b.txt'],
  ['http://h/a/b/', undefined, undefined, 'b'],
  ['http://h/', undefined, undefined, 'download'],
  ['http://h/a%20b', undefined, undefined, 'a b'],
  ['http://h/%2e%2e', undefined, undefined, 'download'],
  ['http://h/x', undefined, 'attachment; filename="c d.txt"', 'c d.txt'],
  ['http://h/x', undefined, 'attachment; filename=plain', 'plain'],
  ['http://h/x', undefined, "attachment; filename=a; filename*=UTF-8''%e2%82%ac", '€'],
  ['http://h/x', undefined, 'attachment; filename="../../etc/passwd"', 'passwd'],
  ['http://h/x', undefined, 'attachment; filename=".."', 'download'],
  ['http://h/x', undefined, 'inline', 'x'],
  ['http://h/x', 'mine', 'attachment; filename=theirs', 'mine'],
  ['http://h/x', '../mine', undefined, 'mine'],
  ['http://h/a%0ab', undefined, undefined, 'download'],
])('downloadName(%j, %j) with %j is %j', ([url, wanted, disposition, name]) => {
  const response = { header: () => disposition } as unknown as WireResponse;
  expect(downloadName(new URL(url), wanted, response)).toBe(name);
});
