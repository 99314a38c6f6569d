import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as library from '../src/index.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What the commands ask of the library, as cli/ports.ts lists it. */
const asked = [...(/type Asked =\n((?: {2}\| '\w+'\n?)+)/.exec(read('src/cli/ports.ts'))?.[1]?.matchAll(/'(\w+)'/g) ?? [])].map(
  ([, name]) => name,
);
/** A step of another function's work. */
const inner = new Set(['checkParsed']);

test('everything that a command does is a function of the library', () => {
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((name) => name !== undefined && !inner.has(name) && !(name in library))).toEqual([]);
});
