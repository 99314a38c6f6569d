import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { unsettle } from './unsettle.ts';

function surroundings(): unknown {
  return {
    cwd: process.cwd(),
    umask: process.umask(),
    tmp: tmpdir(),
    time: new Date(0).toString(),
    language: process.env['LC_ALL'],
  };
}

test('unsettle() changes umask, time zone, language and both directories, until it is disposed', () => {
  const before = surroundings();
  const changed = unsettle();
  const during = surroundings() as Record<string, unknown>;
  for (const [what, value] of Object.entries(before as object)) expect(during[what], what).not.toEqual(value);
  changed[Symbol.dispose]();
  expect(surroundings()).toEqual(before);
  expect(existsSync(String(during['tmp']))).toBe(false);
});
