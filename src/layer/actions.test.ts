import { expect, test } from 'vitest';
import { copy } from './copy.ts';
import { createDraft, type Draft } from './draft.ts';
import { mkdir } from './mkdir.ts';
import { mkfile } from './mkfile.ts';
import { rm } from './rm.ts';
import { copyAction, dir, file, link, listing, names, treeOf } from './samples.ts';
import { symlink } from './symlink.ts';
import { emptyTree, nodeAt } from './tree.ts';

const base = treeOf('base', dir('a', { mode: 0o700 }), file('a/f'), link('l', '/a'), link('a/lf', 'f'), link('dang', '/gone/x'));
const options = { nowSec: 5000 };
const made = { timestampNs: -1n, mode: 0o755 };

function run(action: (draft: Draft) => void): Draft {
  const draft = createDraft(base);
  action(draft);
  return draft;
}

test.for<[path: string, entries: string[]]>([
  ['/a/b/c', ['dir a', 'dir a/b', 'dir a/b/c']],
  ['/l/b', ['dir a', 'dir a/b']],
  ['/dang', ['dir gone', 'dir gone/x']],
  ['/a', []],
  ['/', []],
])('mkdir() with parents: %s', ([path, entries]) => {
  expect(names(run((draft) => mkdir(draft, { ...made, path, makeParents: true }, options)).finish())).toEqual(entries);
});

test('mkdir() gives mode, owner and time to all it makes, and leaves what exists', () => {
  const action = { path: '/a/b/c', mode: 0o711, makeParents: true, timestampNs: 7_000_000_000n };
  const entries = run((draft) => mkdir(draft, action, { ...options, owner: { uid: 3, gid: 4 } })).finish();
  expect(entries).toMatchObject([
    { path: 'a', mode: 0o700, uid: 0 },
    { path: 'a/b', mode: 0o711, uid: 3, gid: 4, mtimeSec: 7 },
    { path: 'a/b/c', mode: 0o711, uid: 3, gid: 4, mtimeSec: 7 },
  ]);
});

test('mkdir() without parents wants one, and lets be what exists', () => {
  const one = (path: string): Draft => run((draft) => mkdir(draft, { ...made, path, makeParents: false }, options));
  expect(names(one('/a/b').finish())).toEqual(['dir a', 'dir a/b']);
  expect(one('/a/f').finish()).toEqual([]);
  expect(() => one('/x/y')).toThrow(expect.objectContaining({ code: 'LAYER_NOT_FOUND', message: '"/x": not found' }));
});

test('mkdir() over a file is an error', () => {
  expect(() => run((draft) => mkdir(draft, { ...made, path: '/a/f/x', makeParents: true }, options))).toThrow(
    expect.objectContaining({ code: 'LAYER_NOT_DIRECTORY' }),
  );
});

test('mkfile() keeps the bytes in the entry', () => {
  const action = { path: '/a/new', mode: 0o600, data: Buffer.from('hi'), timestampNs: -1n };
  const file = run((draft) => mkfile(draft, action, options)).finish()[1];
  expect(file).toMatchObject({
    path: 'a/new',
    mode: 0o600,
    sizeBytes: 2,
    mtimeSec: 5000,
    content: { kind: 'inline', base64: 'aGk=' },
  });
});

test('mkfile() writes where a symlink leads, and not over a directory', () => {
  const action = { path: '/a/lf', mode: 0o600, data: Buffer.from('hi'), timestampNs: -1n };
  expect(names(run((draft) => mkfile(draft, action, options)).finish())).toEqual(['dir a', 'file a/f']);
  expect(() => run((draft) => mkfile(draft, { ...action, path: '/a' }, options))).toThrow(
    expect.objectContaining({ code: 'LAYER_IS_DIRECTORY' }),
  );
  expect(() => run((draft) => mkfile(draft, { ...action, path: '/x/y' }, options))).toThrow(
    expect.objectContaining({ code: 'LAYER_NOT_FOUND' }),
  );
});

test('a file made on an empty file system can be copied on, bytes and all', () => {
  const heredoc = createDraft(emptyTree);
  mkfile(heredoc, { path: '/EOF', mode: 0o644, data: Buffer.from('text'), timestampNs: -1n }, options);
  const entries = run((draft) => copy(draft, heredoc.tree(), copyAction('/EOF', '/a/'), options)).finish();
  expect(entries[1]).toMatchObject({ path: 'a/EOF', content: { kind: 'inline', base64: 'dGV4dA==' } });
});

test.for<[path: string, more: object, entries: string[]]>([
  ['/a/f', {}, ['dir a', 'whiteout a/f']],
  ['/a', {}, ['whiteout a']],
  ['/l/f', {}, ['dir a', 'whiteout a/f']],
  ['/l', {}, ['whiteout l']],
  ['/a/*f', { allowWildcard: true }, ['dir a', 'whiteout a/f', 'whiteout a/lf']],
  ['/none', { allowNotFound: true }, []],
  ['/*none', { allowWildcard: true }, []],
])('IMG-08 rm() %s %j', ([path, more, entries]) => {
  const action = { path, allowNotFound: false, allowWildcard: false, ...more };
  expect(names(run((draft) => rm(draft, action, options)).finish())).toEqual(entries);
});

test('rm() of a missing path is an error with the nearest name, and so is the root', () => {
  const action = { allowNotFound: false, allowWildcard: false };
  expect(() => run((draft) => rm(draft, { ...action, path: '/a/g' }, options))).toThrow(
    expect.objectContaining({ code: 'LAYER_NOT_FOUND', hint: 'did you mean `/a/f`?' }),
  );
  expect(() => run((draft) => rm(draft, { ...action, path: '/' }, options))).toThrow(
    expect.objectContaining({ code: 'LAYER_IS_DIRECTORY' }),
  );
});

test('what is removed and made again hides the old children one by one', () => {
  const draft = run((one) => {
    rm(one, { path: '/a', allowNotFound: false, allowWildcard: false }, options);
    mkdir(one, { ...made, path: '/a/new', makeParents: true }, options);
  });
  expect(names(draft.finish())).toEqual(['dir a', 'whiteout a/f', 'whiteout a/lf', 'dir a/new']);
});

test('symlink() keeps its target as written, and does not replace', () => {
  const make = (newpath: string): Draft =>
    run((draft) => symlink(draft, { oldpath: '../x', newpath, timestampNs: -1n }, options));
  expect(make('/l/new').finish()[1]).toMatchObject({ type: 'symlink', path: 'a/new', target: '../x', mode: 0o777 });
  expect(() => make('/a/f')).toThrow(expect.objectContaining({ code: 'LAYER_EXISTS' }));
  expect(() => make('/x/y')).toThrow(expect.objectContaining({ code: 'LAYER_NOT_FOUND' }));
});

test('tree() is not changed by what the draft does later', () => {
  const draft = createDraft(base);
  mkdir(draft, { ...made, path: '/one', makeParents: true }, options);
  const then = draft.tree();
  rm(draft, { path: '/a/f', allowNotFound: false, allowWildcard: false }, options);
  mkdir(draft, { ...made, path: '/one/two', makeParents: true }, options);
  expect(listing(then)).toContain('file a/f');
  expect(nodeAt(then, 'one/two')).toBeUndefined();
  expect(listing(base)).not.toContain('dir one');
});

test('a draft may start from another one’s result and still be a layer on its base', () => {
  const first = run((draft) => mkdir(draft, { ...made, path: '/one', makeParents: true }, options));
  const second = createDraft(base, first.tree());
  mkdir(second, { ...made, path: '/two', makeParents: true }, options);
  expect(names(second.finish())).toEqual(['dir one', 'dir two']);
});
