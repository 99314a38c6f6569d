import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { maxDockerfileBytes } from '../base/index.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { type LoadedDockerfile, loadDockerfile } from './load-dockerfile.ts';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A new folder with these files; each Dockerfile's stage is named after its path. */
function folder(...paths: readonly string[]): string {
  const path = mkdtempSync(join(scratch, 'context-'));
  for (const each of paths) {
    mkdirSync(dirname(join(path, each)), { recursive: true });
    writeFileSync(join(path, each), `FROM scratch AS ${each.toLowerCase() === each ? 'lower' : 'upper'}\n`);
  }
  return path;
}

function stageOf({ file }: LoadedDockerfile): string | undefined {
  return JSON.stringify(file).match(/"(upper|lower)"/)?.[1];
}

test('CTX-10 loadDockerfile() falls back to the lower-case name', () => {
  expect(stageOf(loadDockerfile({}, folder('Dockerfile')))).toBe('upper');
  expect(stageOf(loadDockerfile({}, folder('dockerfile')))).toBe('lower');
  expect(stageOf(loadDockerfile({}, folder('Dockerfile', 'dockerfile')))).toBe('upper');
});

test('CTX-09 loadDockerfile() takes a file outside of the context, and the ignore file beside it', () => {
  const elsewhere = folder('app.Dockerfile');
  const file = join(elsewhere, 'app.Dockerfile');
  const loaded = loadDockerfile({ file }, folder());
  expect(stageOf(loaded)).toBe('upper');
  expect(loaded.ignoreFile).toBe(`${file}.dockerignore`);
});

test('CTX-10 loadDockerfile() does not fall back when a file is named', () => {
  const context = folder('dockerfile');
  expect(() => loadDockerfile({ file: join(context, 'Dockerfile') }, context)).toThrow(
    expect.objectContaining({ code: 'BUILD_NO_DOCKERFILE' }),
  );
});

test('loadDockerfile() takes a text instead of a file; then only the context has an ignore file', () => {
  const loaded = loadDockerfile({ dockerfile: 'FROM scratch AS upper\n', file: '/nowhere' }, '/nowhere');
  expect([stageOf(loaded), loaded.ignoreFile, loaded.sizeBytes]).toEqual(['upper', undefined, 22]);
});

test.for<[what: string, options: (context: string) => { file?: string }, message: string]>([
  ['a context without one', () => ({}), 'failed to read dockerfile: open Dockerfile: no such file or directory'],
  [
    'a name that is not there',
    () => ({ file: 'no-such.Dockerfile' }),
    'failed to read dockerfile: open no-such.Dockerfile: no such file or directory',
  ],
  ['a directory', () => ({ file: '/proc/self' }), 'failed to read dockerfile: open /proc/self: is a directory'],
])('loadDockerfile() of %s', ([, options, message]) => {
  const context = folder();
  expect(() => loadDockerfile(options(context), context)).toThrow(
    expect.objectContaining({ code: 'BUILD_NO_DOCKERFILE', message }),
  );
});

test('loadDockerfile() refuses a file that is too long, or has no end', () => {
  const context = folder('Dockerfile');
  truncateSync(join(context, 'Dockerfile'), maxDockerfileBytes + 1);
  for (const file of [undefined, '/dev/zero']) {
    expect(() => loadDockerfile(file === undefined ? {} : { file }, context)).toThrow(
      expect.objectContaining({
        code: 'BUILD_NO_DOCKERFILE',
        message: expect.stringContaining('is longer than 16.78MB') as string,
      }),
    );
  }
});

test('loadDockerfile() throws all mistakes at once, and names the first with its line', () => {
  const dockerfile = 'FROM scratch\nCOPPY a b\nRUN --netwrok=none x\n';
  const error = (() => {
    try {
      return loadDockerfile({ dockerfile }, '.');
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(DockerfileError);
  expect(error).toMatchObject({ code: 'DF_UNKNOWN_INSTRUCTION', at: { start: { line: 2 } } });
  expect((error as DockerfileError).diagnostics.map(({ code }) => code)).toEqual(['DF_UNKNOWN_INSTRUCTION', 'DF_UNKNOWN_FLAG']);
});

test('loadDockerfile() says so when a directory stands in the place of the file', () => {
  const context = folder('Dockerfile/x');
  expect(() => loadDockerfile({}, context)).toThrow('failed to read dockerfile: open Dockerfile: is a directory');
});
