import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Engine } from '../engine/index.ts';
import { type BuildContexts, type ContextRequest, findContexts } from './contexts.ts';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const { signal } = new AbortController();

function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(scratch, 'context-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const asked: string[] = [];
/** Says what it is asked for. */
const engine = {
  images: {
    resolve: (reference: string) => Promise.resolve(asked.push(`image ${reference}`)),
    resolveLayout: (location: string) => Promise.resolve(asked.push(`layout ${location}`)),
  },
} as unknown as Engine;

function find(main: string, more: Partial<ContextRequest> = {}): BuildContexts {
  const platform = { os: 'linux', architecture: 'amd64' };
  return findContexts({ main, ignoreFile: undefined, named: {}, platform, engine, pull: false, signal, ...more });
}

test('CTX-07 findContexts() reads the ignore file beside the Dockerfile, else that of the context, never both', () => {
  const main = folder({ '.dockerignore': '*.md\n', 'app.dockerignore': '/src/\n!src/x\n# not\n' });
  expect(find(main).ignorePatterns).toEqual(['*.md']);
  expect(find(main, { ignoreFile: join(main, 'app.dockerignore') }).ignorePatterns).toEqual(['src', '!src/x']);
  expect(find(main, { ignoreFile: join(main, 'other.dockerignore') }).ignorePatterns).toEqual(['*.md']);
  expect(find(folder({ 'app.dockerignore': '' }), {}).ignorePatterns).toEqual([]);
});

test('CTX-07 findContexts() takes an empty ignore file beside the Dockerfile for one that excludes nothing', () => {
  const main = folder({ '.dockerignore': '*.md\n', 'app.dockerignore': '' });
  expect(find(main, { ignoreFile: join(main, 'app.dockerignore') }).ignorePatterns).toEqual([]);
});

test.for<[text: string, message: string, line: number]>([
  ['a\n[\n', 'syntax error in pattern', 2],
  ['a\n\n!\n', 'illegal exclusion pattern: "!"', 3],
])('CTX-06 findContexts() tells the line of a mistake in an ignore file: %j', ([text, message, line]) => {
  const main = folder({ '.dockerignore': text });
  const at: unknown = expect.objectContaining({ file: join(main, '.dockerignore'), start: expect.objectContaining({ line }) });
  const error: unknown = expect.objectContaining({ code: 'PATTERN_SYNTAX', message: expect.stringContaining(message), at });
  expect(() => find(main)).toThrow(error as Error);
});

test('CTX-18 findContexts() refuses a context that is not there, or is a file', () => {
  const main = folder({ file: '' });
  expect(() => find('no/such')).toThrow(
    expect.objectContaining({ code: 'BUILD_BAD_CONTEXT', message: 'unable to prepare context: path "no/such" not found' }),
  );
  expect(() => find(join(main, 'file'))).toThrow(expect.objectContaining({ code: 'BUILD_BAD_CONTEXT' }));
});

test('CTX-25 findContexts() takes a symlink to a directory', () => {
  const main = folder({ '.dockerignore': 'x\n' });
  symlinkSync(main, join(scratch, 'link'));
  expect(find(join(scratch, 'link')).ignorePatterns).toEqual(['x']);
});

test('CTX-22 findContexts() gives a named directory its own ignore file', () => {
  const main = folder({ '.dockerignore': 'main\n' });
  const other = folder({ '.dockerignore': 'other\n' });
  const found = find(main, { named: { lib: other, plain: folder() } });
  expect(found.directories.get('context')).toBe(main);
  expect(found.directories.get('lib')).toBe(other);
  expect(found.named['lib']).toEqual({ kind: 'local', name: 'lib', ignorePatterns: ['other'] });
  expect(found.named['plain']).toMatchObject({ ignorePatterns: [] });
});

test('CTX-23 findContexts() looks up a named image only when it is asked for', async () => {
  const { named } = find(folder(), { named: { base: 'docker-image://alpine:3', disk: 'OCI-Layout://./layout:tag' } });
  expect(asked).toEqual([]);
  for (const context of Object.values(named))
    if (context.kind === 'image' && typeof context.image === 'function') await context.image();
  expect(asked).toEqual(['image alpine:3', 'layout ./layout:tag']);
});

test('CTX-21 findContexts() takes repositories and web addresses, without asking them and without their passwords', () => {
  const { named } = find(folder(), {
    named: {
      repo: 'https://u:secret@host/x.git#v1:sub',
      ssh: 'git@host:team/x',
      web: 'https://u:secret@host/file',
      none: 'docker-image://scratch',
    },
  });
  const shown = { repo: 'git snapshot for https://xxxxx:xxxxx@host/x.git#v1', web: 'http url https://xxxxx:xxxxx@host/file' };
  expect(named['repo']).toMatchObject({ kind: 'source', op: { identifier: 'git://host/x.git#v1:sub' }, createdBy: shown.repo });
  expect(named['ssh']).toMatchObject({ kind: 'source', op: { identifier: 'git://host/team/x' } });
  expect(named['web']).toMatchObject({ kind: 'source', op: { attrs: { 'http.filename': 'context' } }, createdBy: shown.web });
  expect(named['none']).toEqual({ kind: 'scratch' });
});

test.for<[name: string, value: string, message: string]>([
  ['lib', 'no/such', 'named context `lib`: no directory `no/such`'],
  ['lib', 'ftp://host/x', 'unsupported context source ftp for lib'],
  ['context', '.', '`context` cannot be replaced by a named context'],
  ['scratch', '.', '`scratch` cannot be replaced by a named context'],
])('CTX-23 findContexts() refuses %s=%s', ([name, value, message]) => {
  expect(() => find(folder(), { named: { [name]: value } })).toThrow(
    expect.objectContaining({ code: 'BUILD_BAD_CONTEXT', message }),
  );
});

test('a directory named like a scheme is a directory', () => {
  const main = folder();
  mkdirSync(join(main, 'ftp:'));
  expect(find(main, { named: { lib: join(main, 'ftp:') } }).directories.get('lib')).toBe(join(main, 'ftp:'));
});
