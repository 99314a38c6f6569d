import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { StepError } from '../../src/index.ts';
import { Builder, type Wanted } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { leftCgroups, mountsBelow, processesWith } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());

/** Nothing of a build that failed stays. */
afterEach(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  expect(readdirSync(join(builder.engine.root, 'ingest'))).toEqual([]);
  expect(processesWith('left-behind')).toEqual([]);
  expect(leftCgroups()).toEqual([]);
});

interface Row {
  readonly name: string;
  readonly text: string;
  readonly options?: Wanted;
  readonly code: string;
  readonly message: string | RegExp;
  readonly line: number;
  readonly hint?: RegExp;
}

/** Both builders refuse these, at the same line; the messages are ours. */
const rows: readonly Row[] = [
  {
    name: 'DF-COPY-07 a source that is not there',
    text: 'FROM base-image\nRUN true\nCOPY dist/ap.js /x/',
    options: { files: { 'dist/app.js': '' } },
    code: 'LAYER_NOT_FOUND',
    message: '"/dist/ap.js": not found',
    line: 3,
    hint: /did you mean `dist\/app.js`/,
  },
  {
    name: 'CTX-08 a source that is ignored',
    text: 'FROM base-image\nCOPY dist /x/',
    options: { files: { 'dist/app.js': '', '.dockerignore': '# no\ndist\n' } },
    code: 'LAYER_NOT_FOUND',
    message: '"/dist": not found',
    line: 2,
    hint: /the pattern `dist` of the ignore file excludes it/,
  },
  {
    name: 'DF-COPY-11 a source that links out of the context',
    text: 'FROM base-image\nCOPY d/h /h',
    options: { files: { 'd/h': { link: '/etc/hostname' } } },
    code: 'LAYER_NOT_FOUND',
    message: '"/d/h": not found',
    line: 2,
    hint: /`\/d\/h` is a symbolic link to `\/etc\/hostname`, which is not there/,
  },
  {
    name: 'DF-COPY-07 a source that is not in the stage',
    text: 'FROM base-image AS b\nRUN mkdir /out && echo x > /out/app.js\nFROM base-image\nCOPY --from=b /out/ap.js /app',
    code: 'LAYER_NOT_FOUND',
    message: '"/out/ap.js": not found',
    line: 4,
    hint: /did you mean `\/out\/app.js`/,
  },
  {
    name: 'DF-COPY-07 a source below a file',
    text: 'FROM base-image\nCOPY file/a/b /x',
    options: { files: { file: '' } },
    code: 'LAYER_NOT_FOUND',
    message: '"/file/a/b": not found',
    line: 2,
  },
  {
    name: 'DF-COPY-14 a directory over a file',
    text: 'FROM base-image\nRUN echo x > /t\nCOPY d /t',
    options: { files: { 'd/f': '' } },
    code: 'LAYER_NOT_DIRECTORY',
    message: 'cannot copy to non-directory: /t',
    line: 3,
  },
  {
    name: 'DF-COPY-14 a file over a directory',
    text: 'FROM base-image\nRUN mkdir -p /t/s\nCOPY d /t',
    options: { files: { 'd/s': '' } },
    code: 'LAYER_IS_DIRECTORY',
    message: 'cannot replace to directory /t/s with file',
    line: 3,
  },
  {
    name: 'DF-COPY-12 a loop of links on the way',
    text: 'FROM base-image\nRUN ln -s b /a && ln -s a /b\nCOPY f /a/x',
    options: { files: { f: '' } },
    code: 'LAYER_SYMLINK_LOOP',
    message: /too many symbolic links/,
    line: 3,
  },
  {
    name: 'DF-COPY-31 --parents with a path that is not there',
    text: 'FROM base-image\nCOPY --parents a b/c /1/',
    options: { files: { a: '' } },
    code: 'LAYER_NOT_FOUND',
    message: '"/b/c": not found',
    line: 2,
  },
  {
    name: 'DF-MISC-03 WORKDIR where a file is',
    text: 'FROM base-image\nRUN echo > /w\nWORKDIR /w',
    code: 'LAYER_NOT_DIRECTORY',
    message: 'mkdir /w: not a directory',
    line: 3,
  },
  {
    name: 'DF-MISC-07 a user that is not in the image',
    text: 'FROM base-image\nUSER nosuch\nRUN id',
    code: 'SANDBOX_UNKNOWN_USER',
    message: 'unable to find user nosuch: no matching entries in passwd file',
    line: 3,
  },
  {
    name: 'DF-MISC-07 a group that is not in the image',
    text: 'FROM base-image\nUSER root:nosuch\nRUN id',
    code: 'SANDBOX_UNKNOWN_GROUP',
    message: 'unable to find group nosuch: no matching entries in group file',
    line: 3,
  },
  {
    name: 'DF-RUN-04 a stage without a shell',
    text: 'FROM scratch\nRUN echo',
    code: 'SANDBOX_NO_PROGRAM',
    message: /\/bin\/sh/,
    line: 2,
    hint: /no shell/,
  },
  {
    name: 'DF-RUN-04 a program that is not in the image',
    text: 'FROM base-image\nRUN ["nosuch"]',
    code: 'SANDBOX_NO_PROGRAM',
    message: /"nosuch": executable file not found/,
    line: 2,
  },
  {
    name: 'DF-RUN-06 a mount whose source is not in the context',
    text: 'FROM base-image\nRUN --mount=source=nope,target=/x ls /x',
    code: 'LAYER_NOT_FOUND',
    message: '"/nope": not found',
    line: 2,
  },
  {
    name: 'DF-RUN-06 a mount whose source is not in the stage',
    text: 'FROM base-image AS s\nFROM base-image\nRUN --mount=from=s,source=nope,target=/x ls /x',
    code: 'LAYER_NOT_FOUND',
    message: '"/nope": not found',
    line: 3,
  },
  {
    name: 'DF-RUN-18 a required secret that nobody gave',
    text: 'FROM base-image\nRUN --mount=type=secret,id=token,required=true true',
    code: 'OPS_NO_SECRET',
    message: /secret token: not found/,
    line: 2,
  },
  {
    name: 'DF-RUN-02 a command that fails',
    text: 'FROM base-image\nRUN echo before\nRUN echo "said so"; exit 3',
    code: 'STEP_FAILED',
    message: 'process "/bin/sh -c echo "said so"; exit 3" did not complete successfully: exit code: 3',
    line: 3,
  },
  {
    name: 'DF-HD-01 a heredoc that fails, on one line',
    text: 'FROM base-image\nRUN <<EOF\necho one\nexit 4\nEOF\n',
    code: 'STEP_FAILED',
    message: 'process "/bin/sh -c echo one\\nexit 4\\n" did not complete successfully: exit code: 4',
    line: 2,
  },
  {
    name: 'DF-ONB-01 a trigger that fails, at the FROM that set it off',
    text: 'FROM base-image AS base\nONBUILD RUN exit 5\nFROM base\nLABEL a=b',
    code: 'STEP_FAILED',
    message: /exit code: 5/,
    line: 3,
  },
];

for (const { name, text, options, code, message, line, hint } of rows) {
  kernel.test(name, async () => {
    const { error } = await builder.fail(text, options);
    expect({ code: error.code, line: error.at?.start.line }).toEqual({ code, line });
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    if (hint !== undefined) expect(error.hint).toMatch(hint);
  });
}

kernel.test('DF-RUN-02 a failed RUN gives a StepError with its place, exit code, last lines and step', async () => {
  const { error, events } = await builder.fail(
    'FROM base-image AS first\nRUN i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done; exit 42\nFROM first\nRUN echo never',
  );
  expect(error).toBeInstanceOf(StepError);
  expect(error).toMatchObject({ exitCode: 42, class: 'step', at: { file: 'Dockerfile', start: { line: 2, column: 1 } } });
  const { logTail, step } = error as StepError;
  expect(step).toMatch(/^\[first 2\/2\] RUN i=0/);
  expect(logTail).toContain('line 499\nline 500');
  expect(logTail).not.toContain('line 1\n');
  expect(events.filter(({ kind }) => kind === 'step-failed')).toHaveLength(1);
});

kernel.test('SEM-06 the first failure cancels the steps beside it, and ends their processes', async () => {
  const mount = '--mount=type=cache,id=meet,target=/meet';
  const { error, events } = await builder.fail(
    `FROM base-image AS a
RUN ${mount} mkfifo /meet/ready /meet/left-behind 2>/dev/null; echo > /meet/ready; cat /meet/left-behind
FROM base-image AS b
RUN ${mount} mkfifo /meet/ready 2>/dev/null; cat /meet/ready; exit 6
FROM base-image
COPY --from=a / /a
COPY --from=b / /b`,
    { jobs: 2, signal: AbortSignal.timeout(60_000) },
  );
  expect(error).toMatchObject({ code: 'STEP_FAILED', exitCode: 6 });
  const cancelled = events.filter(({ kind }) => kind === 'step-cancelled');
  expect(cancelled).toHaveLength(1);
});

kernel.test('an AbortSignal in the middle of a RUN ends its process, and the next build is fine', async () => {
  const abort = new AbortController();
  const dockerfile = 'FROM base-image\nRUN --mount=type=cache,target=/c mkfifo /c/left-behind; echo started; cat /c/left-behind';
  const { error, events } = await builder.fail(dockerfile, {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.kind === 'step-log') abort.abort();
    },
  });
  expect(error).toMatchObject({ class: 'cancelled' });
  expect(events.some(({ kind }) => kind === 'step-cancelled')).toBe(true);
  expect(processesWith('left-behind')).toEqual([]);
  const next = await builder.build('FROM base-image\nRUN --mount=type=cache,target=/c ls /c > /ls');
  expect(next.text('/ls')).toBe('left-behind\n');
});

kernel.test('a signal that is aborted before the build begins stops it at once', async () => {
  const { error, events } = await builder.fail('FROM base-image\nRUN true', { signal: AbortSignal.abort() });
  expect(error).toMatchObject({ class: 'cancelled' });
  expect(events.filter((event) => event.kind === 'step-started' && event.step.startsWith('sha256:'))).toEqual([]);
});
