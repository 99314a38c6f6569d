import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { compilePatterns, type HostPath, hostPath } from '../base/index.ts';
import { type LayerId, nodeAt, walkTree } from '../layer/index.ts';
import { digestOf } from '../oci/index.ts';
import { scratchStore, type ScratchStore } from '../store/scratch-store.ts';
import { followPaths } from './follow-paths.ts';
import { type LocalContext, type LocalContextOptions, openLocalContext } from './local-context.ts';

interface Scratch extends ScratchStore {
  readonly directory: HostPath;
  at(path: string): string;
  open(more?: Partial<LocalContextOptions>): LocalContext;
}

/** A context with these files, which hold their own names and are an hour old. */
function scratchContext(...paths: readonly string[]): Scratch {
  const scratch = scratchStore();
  const directory = hostPath(join(scratch.folder, 'context'));
  mkdirSync(directory);
  const at = (path: string): string => join(directory, path);
  for (const path of paths) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), path);
  }
  const { signal } = new AbortController();
  return {
    ...scratch,
    directory,
    at,
    open: (more) =>
      openLocalContext({ store: scratch.reopen(), directory, origin: 'live' as LayerId, ignore: undefined, signal, ...more }),
  };
}

function pathsOf({ tree }: LocalContext): string[] {
  return [...walkTree(tree.root)].map(({ path, node }) => (node.entry.type === 'dir' ? `${path}/` : path));
}

function contentOf(context: LocalContext, path: string): string {
  let text = '';
  context.readFile(path, (chunk) => (text += Buffer.from(chunk).toString()));
  return text;
}

const changedError: unknown = expect.objectContaining({ code: 'SOURCE_CHANGED' });

/** Let files that were just made look as if they had been there for long. */
function inAMinute(): Disposable {
  const at = Date.now() + 60_000;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => at);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}

/** The time stamps of this file system move on. */
function waitForTick(scratch: Scratch): void {
  const probe = join(scratch.folder, 'probe');
  const touch = (): number => {
    writeFileSync(probe, '');
    return lstatSync(probe).ctimeMs;
  };
  for (const before = touch(); touch() === before; );
}

test('openLocalContext() shows files as owned by 0:0, with their modes and times', () => {
  using scratch = scratchContext('d/f');
  chmodSync(scratch.at('d/f'), 0o4751);
  chmodSync(scratch.at('d'), 0o2755);
  utimesSync(scratch.at('d/f'), 1_000_000, 1_000_000.9);
  const { tree } = scratch.open();
  expect(nodeAt(tree, 'd/f')?.entry).toEqual({
    type: 'file',
    path: 'd/f',
    mode: 0o4751,
    uid: 0,
    gid: 0,
    mtimeSec: 1_000_000,
    sizeBytes: 3,
  });
  expect(nodeAt(tree, 'd')?.entry).toMatchObject({ type: 'dir', mode: 0o2755, uid: 0, gid: 0 });
});

test.for<[patterns: string[], paths: string[]]>([
  [[], ['a.md', 'd/', 'd/e/', 'd/e/keep', 'd/x', 'empty/', 'src/', 'src/main']],
  [['d'], ['a.md', 'empty/', 'src/', 'src/main']],
  [
    ['d', '!d/e/keep'],
    ['a.md', 'd/', 'd/e/', 'd/e/keep', 'empty/', 'src/', 'src/main'],
  ],
  [
    ['d', '!d/e'],
    ['a.md', 'd/', 'd/e/', 'd/e/keep', 'empty/', 'src/', 'src/main'],
  ],
  [
    ['*', '!src'],
    ['src/', 'src/main'],
  ],
  [['**'], []],
  [['**', '!d/nothing'], []],
  [
    ['d/*', '!d/x'],
    ['a.md', 'd/', 'd/x', 'empty/', 'src/', 'src/main'],
  ],
  [['d/**'], ['a.md', 'd/', 'empty/', 'src/', 'src/main']],
  [['empty'], ['a.md', 'd/', 'd/e/', 'd/e/keep', 'd/x', 'src/', 'src/main']],
  [
    ['**/*.md', '**/x', 'src/main'],
    ['d/', 'd/e/', 'd/e/keep', 'empty/', 'src/'],
  ],
])('CTX-03 openLocalContext() leaves out what %j excludes', ([patterns, paths]) => {
  using scratch = scratchContext('a.md', 'd/e/keep', 'd/x', 'src/main');
  mkdirSync(scratch.at('empty'));
  expect(pathsOf(scratch.open({ ignore: compilePatterns(patterns) }))).toEqual(paths);
});

test('openLocalContext() looks only where the build may ask', () => {
  using scratch = scratchContext('a/x', 'a/y/z', 'b/x', 'c');
  expect(pathsOf(scratch.open({ follow: followPaths(['a/y', 'c'], () => false) }))).toEqual(['a/', 'a/y/', 'a/y/z', 'c']);
});

test('DF-COPY-08 openLocalContext() looks everywhere when a pattern may follow a link', () => {
  using scratch = scratchContext('a/x.txt', 'b/y');
  const follow = followPaths(['a/*.txt'], () => false);
  expect(pathsOf(scratch.open({ follow }))).toEqual(['a/', 'a/x.txt']);
  symlinkSync('../b/y', scratch.at('a/link.txt'));
  expect(pathsOf(scratch.open({ follow }))).toEqual(['a/', 'a/link.txt', 'a/x.txt', 'b/', 'b/y']);
  expect(pathsOf(scratch.open({ follow, ignore: compilePatterns(['a/link.txt']) }))).toEqual(['a/', 'a/x.txt']);
});

test('openLocalContext() keeps several names of one file together', () => {
  using scratch = scratchContext('z/first', 'm');
  linkSync(scratch.at('z/first'), scratch.at('a'));
  const context = scratch.open();
  expect(nodeAt(context.tree, 'a')).toBe(nodeAt(context.tree, 'z/first'));
  expect(nodeAt(context.tree, 'a')).not.toBe(nodeAt(context.tree, 'm'));
  expect(contentOf(context, nodeAt(context.tree, 'a')?.entry.path ?? '')).toBe('z/first');
  const alone = scratch.open({ ignore: compilePatterns(['a']) });
  expect(nodeAt(alone.tree, 'z/first')?.entry).toMatchObject({ type: 'file', path: 'z/first' });
});

test('openLocalContext() takes links as they are: dangling, absolute, climbing out, in a circle', () => {
  using scratch = scratchContext('f');
  for (const target of ['nothing', '/etc/passwd', '../../..', 'loop', '.'])
    symlinkSync(target, scratch.at(target === 'loop' ? 'loop' : `to ${target.replaceAll('/', '_')}`));
  const links = [...walkTree(scratch.open().tree.root)].flatMap(({ node: { entry } }) =>
    entry.type === 'symlink' ? [[entry.target, entry.mode]] : [],
  );
  expect(links.map(([target]) => target).toSorted()).toEqual(['.', '../../..', '/etc/passwd', 'loop', 'nothing']);
  expect(new Set(links.map(([, mode]) => mode))).toEqual(new Set([0o777]));
});

test('openLocalContext() keeps the bytes of a link target that is not UTF-8', () => {
  using scratch = scratchContext();
  symlinkSync(Buffer.from([0x61, 0xff]), scratch.at('link'));
  const entry = nodeAt(scratch.open().tree, 'link')?.entry;
  expect(entry?.type === 'symlink' ? entry.target : undefined).toBe('a\udcff');
});

test('openLocalContext() keeps the bytes of names that are not UTF-8, and patterns match them byte by byte', () => {
  using scratch = scratchContext('good \ufffd');
  for (const byte of [0xfe, 0xff]) {
    writeFileSync(Buffer.concat([Buffer.from(scratch.at('odd')), Buffer.from([byte])]), String(byte));
  }
  const context = scratch.open();
  expect(pathsOf(context)).toEqual(['good \ufffd', 'odd\udcfe', 'odd\udcff']);
  expect(contentOf(context, 'odd\udcfe')).toBe('254');
  expect(context.digestOf('odd\udcfe')).not.toBe(context.digestOf('odd\udcff'));
  expect(pathsOf(scratch.open({ ignore: compilePatterns(['odd?']) }))).toEqual(['good \ufffd']);
  expect(pathsOf(scratch.open({ ignore: compilePatterns(['odd\udcfe']) }))).toEqual(['good \ufffd', 'odd\udcff']);
});

test('CTX-25 openLocalContext() shows odd names as they are', () => {
  const names = ['a b', 'new\nline', 'ünïcödé', '漢字', '😀', '-dash', '.hidden', '*star', '[x]', "quo'te"];
  using scratch = scratchContext(...names);
  const context = scratch.open();
  expect(pathsOf(context).toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(contentOf(context, name)).toBe(name);
});

test('openLocalContext() shows a pipe as a pipe and a socket as an empty file', async () => {
  using scratch = scratchContext();
  execFileSync('mkfifo', [scratch.at('pipe')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(scratch.at('socket'), resolve));
  const { tree } = scratch.open();
  await new Promise((resolve) => server.close(resolve));
  expect(nodeAt(tree, 'pipe')?.entry).toMatchObject({ type: 'fifo' });
  expect(nodeAt(tree, 'socket')?.entry).toMatchObject({ type: 'file', sizeBytes: 0, content: { kind: 'inline', base64: '' } });
});

test('readFile() and digestOf() give the content, also of big and empty files', () => {
  using scratch = scratchContext();
  const sizes = [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1 << 20];
  for (const size of sizes) writeFileSync(scratch.at(String(size)), Buffer.alloc(size, 'slipway'));
  const context = scratch.open();
  for (const size of sizes) {
    const content = Buffer.alloc(size, 'slipway');
    expect(context.digestOf(String(size))).toBe(digestOf(content));
    expect(contentOf(context, String(size)) === content.toString()).toBe(true);
  }
});

test.for<[what: string, change: (path: string) => void]>([
  ['grew', (path) => writeFileSync(path, 'longer than before')],
  ['shrank', (path) => writeFileSync(path, '')],
  ['has other bytes', (path) => writeFileSync(path, 'F')],
  [
    'has other bytes and its old time',
    (path) => {
      const { mtimeMs } = lstatSync(path);
      writeFileSync(path, 'F');
      utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
    },
  ],
  ['is gone', (path) => rmSync(path)],
  [
    'is another file',
    (path) => {
      writeFileSync(`${path}2`, 'f');
      renameSync(`${path}2`, path);
    },
  ],
  [
    'is a link to such a file',
    (path) => {
      renameSync(path, `${path}2`);
      symlinkSync('f2', path);
    },
  ],
  [
    'is a directory',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  [
    'is a pipe that nobody writes to',
    (path) => {
      rmSync(path);
      execFileSync('mkfifo', [path]);
    },
  ],
])('readFile() refuses a file that %s since it was hashed', ([, change]) => {
  using scratch = scratchContext('f');
  const context = scratch.open();
  context.digestOf('f');
  waitForTick(scratch);
  change(scratch.at('f'));
  expect(() => contentOf(context, 'f')).toThrow(changedError);
});

test('readFile() notices a change right after the file was hashed, within one tick of the clock', () => {
  using scratch = scratchContext();
  for (let round = 0; round < 50; round++) {
    writeFileSync(scratch.at('f'), 'before');
    const context = scratch.open();
    context.digestOf('f');
    writeFileSync(scratch.at('f'), 'after!');
    expect(() => contentOf(context, 'f')).toThrow(changedError);
  }
});

test('CTX-24 only what a build needs is looked at, and the second build reads only what has changed', () => {
  using scratch = scratchContext('needed/a', 'needed/b', 'other/c', 'ignored/d');
  for (const path of ['needed/a', 'needed/b']) utimesSync(scratch.at(path), 1000, 1000);
  using _later = inAMinute();
  const options = { follow: followPaths(['needed'], () => false), ignore: compilePatterns(['ignored']) };
  const first = scratch.open(options);
  expect(pathsOf(first)).toEqual(['needed/', 'needed/a', 'needed/b']);
  for (const path of ['needed/a', 'needed/b']) expect(first.digestOf(path)).toBe(digestOf(path));
  first.save();
  forgeStatCache(scratch, digestOf('needed/a'), digestOf('not read'));
  writeFileSync(scratch.at('needed/b'), 'changed');
  const second = scratch.open(options);
  expect([second.digestOf('needed/a'), second.digestOf('needed/b')]).toEqual([digestOf('not read'), digestOf('changed')]);
});

/** What the cache says of a file shows whether it is believed. */
function forgeStatCache(scratch: Scratch, digest: string, forged: string): void {
  const [cache = ''] = execFileSync('find', [join(scratch.store.paths.root, 'stat'), '-type', 'f'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const body = readFileSync(cache, 'utf8').split('\n').slice(1).join('\n').replace(digest, forged);
  writeFileSync(cache, `slipway-stat-1 ${digestOf(body)}\n${body}`);
}

test('the stat cache spares reading a file that did not change', () => {
  using scratch = scratchContext('f');
  utimesSync(scratch.at('f'), 1000, 1000);
  using _later = inAMinute();
  const first = scratch.open();
  const digest = first.digestOf('f');
  first.save();
  forgeStatCache(scratch, digest, digestOf('forged'));
  expect(scratch.open().digestOf('f')).toBe(digestOf('forged'));
  for (const change of [() => utimesSync(scratch.at('f'), 2000, 2000), () => chmodSync(scratch.at('f'), 0o600)]) {
    change();
    expect(scratch.open().digestOf('f')).toBe(digestOf('f'));
  }
});

test('a damaged stat cache is an empty one', () => {
  using scratch = scratchContext('f');
  using _later = inAMinute();
  const first = scratch.open();
  first.digestOf('f');
  first.save();
  const [cache = ''] = execFileSync('find', [join(scratch.store.paths.root, 'stat'), '-type', 'f'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const whole = readFileSync(cache);
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      writeFileSync(cache, damaged);
      expect(scratch.open().digestOf('f')).toBe(digestOf('f'));
    }),
  );
});

test('ignoredBy() names the pattern that hides a file, and nothing for files that are not there', () => {
  using scratch = scratchContext('secret.env', 'shown');
  const context = scratch.open({ ignore: compilePatterns(['shown', '*.env']) });
  expect(context.ignoredBy('secret.env')).toBe('*.env');
  expect(context.ignoredBy('other.env')).toBeUndefined();
});
