import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostPath, type Json } from '../base/index.ts';
import { writeAside } from './records.ts';
import { scratchStore } from './scratch-store.ts';

test('read() gives back what write() took, whatever JSON it is', () => {
  using scratch = scratchStore();
  const { records } = scratch.store;
  const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))); // JSON has no -0
  fc.assert(
    fc.property(json, (value) => {
      records.write('key', 'k', value as Json);
      expect(records.read('key', 'k')).toEqual(value);
    }),
  );
});

test('read() of a key without a record is undefined, and remove() of it succeeds', () => {
  using scratch = scratchStore();
  const { records } = scratch.store;
  expect(records.read('key', 'nothing')).toBeUndefined();
  records.remove('key', 'nothing');
  records.touch('key', 'nothing');
});

test('read() takes a damaged record for none, wherever a byte was changed or lost', () => {
  using scratch = scratchStore();
  const { records, paths } = scratch.store;
  records.write('key', 'k', { a: ['long enough', 1] });
  const path = paths.record('key', 'k');
  const whole = readFileSync(path);
  const damaged = [
    Buffer.alloc(0),
    whole.subarray(0, 64),
    whole.subarray(0, -1),
    Buffer.concat([whole, whole]),
    Buffer.alloc(whole.length),
  ];
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    damaged.push(changed);
  }
  for (const bytes of damaged) {
    writeFileSync(path, bytes);
    expect(records.read('key', 'k')).toBeUndefined();
    expect(readdirSync(paths.recordFolder('key'))).toEqual([]);
  }
  writeFileSync(path, whole);
  expect(records.read('key', 'k')).toEqual({ a: ['long enough', 1] });
});

test('list() gives the keys of one kind in order', () => {
  using scratch = scratchStore();
  const { records } = scratch.store;
  for (const key of ['b', 'a', 'c']) records.write('image', key, key);
  records.write('diff', 'd', 1);
  expect(records.list('image')).toEqual(['a', 'b', 'c']);
});

test('touch() makes a record young', () => {
  using scratch = scratchStore();
  const { records, paths } = scratch.store;
  records.write('key', 'k', 1);
  utimesSync(paths.record('key', 'k'), 1, 1);
  records.touch('key', 'k');
  expect(statSync(paths.record('key', 'k')).mtimeMs).toBeGreaterThan(1_000_000);
  expect(records.read('key', 'k')).toBe(1);
});

test('writeAside() leaves nothing behind when it fails', () => {
  using scratch = scratchStore();
  const { paths } = scratch.store;
  expect(() => writeAside(paths, hostPath(`${paths.root}/no/such/folder`), 'text')).toThrow('ENOENT');
  expect(scratch.ingests()).toEqual([]);
});
