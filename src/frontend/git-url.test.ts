import { expect, test } from 'vitest';
import { isGitUrl, parseGitUrl } from './git-url.ts';

const at = { file: 'Dockerfile', start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };

test.for([
  ['git://host/repo', true],
  ['ssh://git@host/repo', true],
  ['git@github.com:moby/moby.git', true],
  ['user@host:path', true],
  ['https://github.com/moby/moby.git', true],
  ['https://github.com/moby/moby.git#v1:docs', true],
  ['https://github.com/moby/moby.git?branch=a.b', true],
  ['https://example.com/file.txt', false],
  ['https://example.com/x?file=a.git', false],
  ['https://example.com/x#a.git', false],
  ['github.com/moby/moby.git', false],
  ['./git@host:path', false],
  ['../a', false],
  ['C:/x', false],
  ['file.git', false],
] as const)('isGitUrl(%s) is %s', ([text, expected]) => {
  expect(isGitUrl(text)).toBe(expected);
});

test.for([
  [
    'https://host/a/b.git',
    { scheme: 'https', host: 'host', path: '/a/b.git', ref: '', subdir: '', submodules: true, keepGitDir: undefined },
  ],
  ['https://user:pw@host:8443/b.git#v1:sub/dir', { host: 'host:8443', path: '/b.git', ref: 'v1', subdir: 'sub/dir' }],
  ['git@host:team/repo.git#:docs', { scheme: 'ssh', host: 'host', path: '/team/repo.git', ref: '', subdir: 'docs' }],
  ['https://host/b.git?branch=a%2Fb&subdir=x', { ref: 'refs/heads/a/b', subdir: 'x', remote: 'https://host/b.git' }],
  ['https://host/b.git?tag=v1&submodules=false&keep-git-dir', { ref: 'refs/tags/v1', submodules: false, keepGitDir: true }],
  ['https://host/b.git?commit=abc#:x', { checksum: 'abc', subdir: 'x' }],
  ['https://host/b.git?ref=a&subdir=x#a:./x/', { ref: 'a', subdir: 'x' }],
  ['https://host/b.git?mtime=commit&fetch-by-commit', { mtime: 'commit', fetchByCommit: true }],
] as const)('DF-COPY-45 parseGitUrl(%s)', ([text, expected]) => {
  expect(parseGitUrl(text, at)).toMatchObject(expected);
});

test.for([
  ['https://host/b.git?ref=a#b', 'ref conflicts: "b" vs "a"'],
  ['https://host/b.git?subdir=a#:b', 'subdir conflicts: "b" vs "a"'],
  ['https://host/b.git?ref=a&branch=a', 'ref conflicts: "a" vs "refs/heads/a"'],
  ['https://host/b.git?mtime=now', 'invalid mtime value: "now" (must be "checkout" or "commit")'],
  ['https://host/b.git?submodules=perhaps', 'invalid submodules value: "perhaps"'],
  ['https://host/b.git?branch=a&tag=b', 'branch conflicts with tag'],
  ['https://host/b.git?x=1', 'unexpected query "x"'],
  ['https://host/b.git?ref', 'query "ref" has no value'],
  ['https://host/b.git?ref=a&ref=b', 'query "ref" has multiple values'],
  ['https://host/b.git?ref=%zz', 'the query `%zz` is not encoded well'],
  ['git://host', '`git://host` is not the URL of a repository'],
] as const)('parseGitUrl(%s) refuses: %s', ([text, message]) => {
  expect(() => parseGitUrl(text, at)).toThrowError(expect.objectContaining({ code: 'FE_BAD_GIT_URL', message, at }));
});
