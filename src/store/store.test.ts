import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import { scratchStore } from './scratch-store.ts';
import { defaultStoreRoot, openStore } from './store.ts';

const home = join(homedir(), '.local/share/slipway');

test.for<[env: Record<string, string>, root: string]>([
  [{ SLIPWAY_ROOT: '/data' }, '/data'],
  [{ SLIPWAY_ROOT: '/data', XDG_DATA_HOME: '/xdg' }, '/data'],
  [{ SLIPWAY_ROOT: '', XDG_DATA_HOME: '/xdg' }, '/xdg/slipway'],
  [{ XDG_DATA_HOME: '' }, home],
  [{ XDG_DATA_HOME: 'relative' }, home],
  [{}, home],
])('defaultStoreRoot() of %j is %s', ([env, root]) => {
  expect(defaultStoreRoot(env, false)).toBe(root);
});

test('defaultStoreRoot() of root is a place of the system', () => {
  expect(defaultStoreRoot({ XDG_DATA_HOME: '/xdg' }, true)).toBe('/var/lib/slipway');
});

test('openStore() makes a relative root absolute', () => {
  using scratch = scratchStore();
  expect(openStore(hostPath(relative(process.cwd(), scratch.store.paths.root))).paths.root).toBe(scratch.store.paths.root);
});

test('openStore() says what to do where it cannot write', () => {
  using scratch = scratchStore();
  const file = join(scratch.folder, 'file');
  writeFileSync(file, '');
  expect(() => openStore(hostPath(join(file, 'store')))).toThrow(
    expect.objectContaining({ code: 'STORE_NOT_WRITABLE', class: 'permission' }),
  );
});

test('tryHold() holds a name once, also within one process', async () => {
  using scratch = scratchStore();
  const { locks } = scratch.store;
  const { signal } = new AbortController();
  const first = await locks.hold('a', signal);
  using _other = await locks.hold('b', signal);
  expect(await locks.tryHold('a')).toBeUndefined();
  expect(await scratch.reopen().locks.tryHold('a')).toBeUndefined();
  const waiting = locks.hold('a', signal);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _second = await waiting;
  expect(await locks.tryHold('a')).toBeUndefined();
});

test('hold() that is stopped holds nothing', async () => {
  using scratch = scratchStore();
  const { locks } = scratch.store;
  const stop = new AbortController();
  {
    using _first = await locks.hold('a', stop.signal);
    const waiting = locks.hold('a', stop.signal);
    stop.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
  }
  using lock = await locks.tryHold('a');
  expect(lock).toBeDefined();
});
