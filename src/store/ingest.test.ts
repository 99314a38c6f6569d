import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileWriter, createIngest } from './ingest.ts';
import { lifeOf, ownProcessName } from './process-name.ts';
import { scratchStore } from './scratch-store.ts';
import { recoverStore } from './store.ts';

const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';

test('createIngest() gives a folder of its own, which is gone when it is disposed', () => {
  using scratch = scratchStore();
  {
    using ingest = createIngest(scratch.store.paths);
    mkdirSync(ingest.child('d'));
    writeFileSync(ingest.child('d/f'), 'x');
    ingest[Symbol.dispose]();
    expect(existsSync(ingest.path)).toBe(false);
  }
  expect(scratch.ingests()).toEqual([]);
});

test('createFileWriter() appends, and refuses to write over a file', () => {
  using scratch = scratchStore();
  const path = scratch.store.paths.ingest('f');
  {
    using writer = createFileWriter(path);
    writer.write(Buffer.from('a'));
    writer.write(Buffer.from('b'));
    writer.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('ab');
  expect(() => createFileWriter(path)).toThrow('EEXIST');
});

test('lifeOf() knows its own process, and one that is gone', () => {
  const { pid } = spawnSync('true');
  expect(lifeOf(ownProcessName())).toBe('alive');
  expect(lifeOf(`${ownProcessName()}-0123456789abcdef`)).toBe('alive');
  expect(lifeOf(`${pid}-1-${namespace}-x`)).toBe('dead');
});

test('lifeOf() takes a pid that was given to another process for the death of the first', () => {
  const [pid, started] = ownProcessName().split('-');
  expect(lifeOf(`${pid}-${Number(started) - 1}-${namespace}-x`)).toBe('dead');
});

test('lifeOf() does not judge processes of another PID namespace', () => {
  expect(lifeOf('1-1-4026530000-x')).toBe('elsewhere');
});

test.for(['', 'x', '12', '12-', '12-34', '12-34-x', '-1-2-3', '1.5-2-3-x', '../../etc', '12-34-56x'])(
  'lifeOf() makes nothing of the name `%s`',
  (name) => {
    expect(lifeOf(name)).toBeUndefined();
  },
);

test('lifeOf() takes a process for dead that ends while it is looked at', () => {
  const read = (): string => {
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
  };
  expect(lifeOf(`123-456-${namespace}-x`, read)).toBe('dead');
});

test('lifeOf() reads the start time of a process whose name holds blanks and brackets', () => {
  const fields = Array.from({ length: 30 }, (_, at) => String(at + 4));
  const read = (): string => `123 (a) b (c)) R ${fields.join(' ')}`;
  expect(lifeOf(`123-22-${namespace}-x`, read)).toBe('alive');
  expect(lifeOf(`123-21-${namespace}-x`, read)).toBe('dead');
});

test('recoverStore() deletes what dead processes left, and nothing of the living', async () => {
  using scratch = scratchStore();
  const { paths } = scratch.store;
  const { pid } = spawnSync('true');
  const living = spawn('cat');
  try {
    const stat = readFileSync(`/proc/${living.pid}/stat`, 'utf8').split(') ')[1] ?? '';
    const alive = `${living.pid}-${stat.split(' ')[19]}-${namespace}-0123456789abcdef`;
    using own = createIngest(paths);
    const dead = `${pid}-12345-${namespace}-0123456789abcdef`;
    for (const name of [alive, dead, '5-5-4026530000-x', 'made-by-hand'])
      mkdirSync(join(paths.ingest(name), 'deep/er'), { recursive: true });
    writeFileSync(join(paths.ingest(dead), 'deep/er/file'), 'x');
    writeFileSync(paths.ingest(`${dead}-file`), 'x');
    const told: string[] = [];
    await recoverStore(scratch.store, async (folders) => {
      told.push(...folders);
      expect(existsSync(paths.ingest(dead))).toBe(true);
    });
    expect(told.toSorted()).toEqual([paths.ingest(dead), paths.ingest(`${dead}-file`)]);
    expect(scratch.ingests().toSorted()).toEqual(
      [alive, own.path.split('/').at(-1), '5-5-4026530000-x', 'made-by-hand'].toSorted(),
    );
  } finally {
    living.kill();
  }
});

test('recoverStore() deletes what nobody can judge once it is a day old', async () => {
  using scratch = scratchStore();
  const { paths } = scratch.store;
  const dayAgo = Date.now() / 1000 - 24 * 60 * 60;
  for (const [name, at] of [
    ['5-5-4026530000-x', dayAgo - 60],
    ['made-by-hand', dayAgo - 60],
    ['5-5-4026530000-y', dayAgo + 60],
  ] as const) {
    mkdirSync(paths.ingest(name));
    utimesSync(paths.ingest(name), at, at);
  }
  await recoverStore(scratch.store);
  expect(scratch.ingests()).toEqual(['5-5-4026530000-y']);
});

test('recoverStore() leaves it to another process that is at it', async () => {
  using scratch = scratchStore();
  const { pid } = spawnSync('true');
  mkdirSync(scratch.store.paths.ingest(`${pid}-1-${namespace}-x`));
  {
    using _other = await scratch.reopen().locks.tryHold('recover');
    await recoverStore(scratch.store);
    expect(scratch.ingests()).toHaveLength(1);
  }
  await recoverStore(scratch.store);
  expect(scratch.ingests()).toEqual([]);
});
