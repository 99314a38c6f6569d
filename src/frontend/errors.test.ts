import { expect, test } from 'vitest';
import type { ErrorCode } from '../base/index.ts';
import { compileText } from './compile-text.ts';
import type { CompileOptions } from './options.ts';

interface Row {
  readonly name: string;
  readonly text: string;
  readonly options?: Partial<CompileOptions>;
  readonly code: ErrorCode;
  readonly message: string | RegExp;
  /** Line of the place; none for a mistake that isn't in the file. */
  readonly line?: number;
  readonly hint?: string | RegExp;
}

const local = 'FROM alpine:3.20\n';
const rows: readonly Row[] = [
  {
    name: 'SEM-02 an unknown target, with the one that was meant',
    text: 'FROM alpine:3.20 AS build\nFROM scratch',
    options: { target: 'biuld' },
    code: 'FE_UNKNOWN_TARGET',
    message: 'target stage "biuld" could not be found',
    hint: 'did you mean `build`, defined on line 1?',
  },
  {
    name: 'SEM-02 a target index beyond the last',
    text: 'FROM alpine:3.20',
    options: { target: '1' },
    code: 'FE_UNKNOWN_TARGET',
    message: 'target stage "1" could not be found',
    hint: /use an index, 0 to 0/,
  },
  {
    name: 'another syntax image',
    text: '# syntax=example.com/other:1\nFROM alpine:3.20',
    code: 'FE_UNSUPPORTED_SYNTAX',
    message: /`example.com\/other:1` can't be run/,
    line: 1,
  },
  {
    name: 'another syntax image, by build arg',
    text: '# syntax=docker/dockerfile:1\nFROM alpine:3.20',
    options: { buildArgs: { BUILDKIT_SYNTAX: 'other' } },
    code: 'FE_UNSUPPORTED_SYNTAX',
    message: /`other` can't be run/,
  },
  {
    name: 'a right that the build does not grant',
    text: 'FROM alpine:3.20\nRUN --security=insecure mount',
    code: 'FE_NOT_ALLOWED',
    message: 'security.insecure is not allowed',
    hint: /pass `--allow security.insecure`/,
    line: 2,
  },
  {
    name: 'DF-RUN-01 an empty list for a command',
    text: `${local}RUN []`,
    code: 'FE_EMPTY_COMMAND',
    message: 'arguments are required',
    line: 2,
  },
  {
    name: 'DF-FROM-05 a stage under its name in another case',
    text: 'FROM alpine:3.20 AS Build\nFROM Build',
    code: 'OCI_BAD_REFERENCE',
    message: /stage name "Build": invalid reference format/,
    line: 2,
    hint: /write `build`/,
  },
  {
    name: 'DF-FROM-05 a stage that comes later',
    text: 'FROM later AS a\nFROM alpine:3.20 AS later\nFROM a',
    code: 'REG_NOT_FOUND',
    message: /later: failed to resolve source metadata/,
    line: 1,
    hint: /the stage `later` is defined further down/,
  },
  {
    name: 'DF-FROM-09 a blank base name',
    text: 'FROM $unset',
    code: 'FE_BLANK_BASE',
    message: 'base name ($unset) should not be blank',
    line: 1,
  },
  {
    name: 'DF-FROM-08 a blank platform',
    text: 'FROM --platform=$unset alpine:3.20',
    code: 'FE_BAD_PLATFORM',
    message: 'empty platform value from expression $unset',
    line: 1,
  },
  {
    name: 'a platform that is none',
    text: 'FROM --platform=a/b/c/d alpine:3.20',
    code: 'FE_BAD_PLATFORM',
    message: 'failed to parse platform a/b/c/d',
    line: 1,
  },
  {
    name: 'DF-FROM-05 a stage in another case is an image name, and a wrong one',
    text: 'FROM alpine:3.20 AS build\nFROM Build',
    code: 'OCI_BAD_REFERENCE',
    message: 'failed to parse stage name "Build": invalid reference format',
    line: 2,
  },
  {
    name: 'DF-FROM-05 FROM a later stage looks for an image',
    text: 'FROM later AS x\nCOPY --from=later / /\nFROM alpine:3.20 AS later',
    options: { target: 'x' },
    code: 'FE_STAGE_ORDER',
    message: 'cannot copy from stage "later", it needs to be defined before current stage "x"',
    line: 2,
  },
  {
    name: 'an image that does not exist, with the stage that was meant',
    text: 'FROM alpine:3.20 AS build\nFROM scratch\nCOPY --from=bulid /a /a',
    code: 'REG_NOT_FOUND',
    message: 'bulid: failed to resolve source metadata for docker.io/library/bulid:latest: not found',
    line: 3,
    hint: 'did you mean `build`?',
  },
  {
    name: 'DF-FROM-12 two stages that copy from each other',
    text: 'FROM alpine:3.20 AS a\nCOPY --from=b / /\nFROM alpine:3.20 AS b\nCOPY --from=a / /',
    code: 'FE_CIRCULAR',
    message: 'circular dependency detected on stage: a',
    line: 4,
  },
  {
    name: 'DF-FROM-12 a stage that copies from itself',
    text: 'FROM alpine:3.20 AS a\nCOPY --from=a / /',
    code: 'FE_CIRCULAR',
    message: 'circular dependency detected on stage: a',
    line: 2,
  },
  {
    name: 'DF-COPY-24 a later stage, by index',
    text: 'FROM alpine:3.20 AS a\nCOPY --from=1 / /\nFROM alpine:3.20 AS b',
    options: { target: 'a' },
    code: 'FE_STAGE_ORDER',
    message: 'cannot copy from stage "1", it needs to be defined before current stage "a"',
    line: 2,
    hint: 'move the stage above line 1',
  },
  {
    name: 'a mount from a later stage',
    text: 'FROM alpine:3.20 AS a\nRUN --mount=from=b,target=/b x\nFROM alpine:3.20 AS b',
    options: { target: 'a' },
    code: 'FE_STAGE_ORDER',
    message: 'cannot mount from stage "b" to "/b", stage needs to be defined before current command',
    line: 2,
  },
  {
    name: 'DF-COPY-23 an index out of range',
    text: `${local}COPY --from=7 / /`,
    code: 'FE_UNKNOWN_STAGE',
    message: 'invalid stage index 7',
    line: 2,
  },
  {
    name: 'a negative index',
    text: `${local}COPY --from=-1 / /`,
    code: 'FE_UNKNOWN_STAGE',
    message: 'invalid stage index -1',
    line: 2,
  },
  {
    name: 'DF-COPY-34 a URL for COPY',
    text: `${local}COPY https://example.com/a /a`,
    code: 'FE_REMOTE_COPY',
    message: /^source can't be a URL for COPY/,
    line: 2,
    hint: 'use ADD',
  },
  {
    name: 'DF-COPY-34 a repository for COPY',
    text: `${local}COPY git@example.com:a/b /a`,
    code: 'FE_REMOTE_COPY',
    message: /^source can't be a git ref for COPY/,
    line: 2,
  },
  {
    name: 'DF-COPY-19 an owner by name where there is no passwd',
    text: 'FROM scratch\nCOPY --chown=app a /a',
    code: 'FE_OWNER_NAME',
    message: /^invalid user index/,
    line: 2,
    hint: /write a number/,
  },
  {
    name: 'an owner by name with --link',
    text: `${local}COPY --link --chown=app a /a`,
    code: 'FE_OWNER_NAME',
    message: /^invalid user index/,
    line: 2,
  },
  {
    name: 'DF-COPY-21 a mode beyond 07777',
    text: `${local}COPY --chmod=99999 a /a`,
    code: 'FE_BAD_CHMOD',
    message: "invalid chmod parameter: '99999'. it should be octal string and between 0 and 07777",
    line: 2,
  },
  {
    name: 'DF-COPY-22 a symbolic mode that is none',
    text: `${local}COPY --chmod=u+y a /a`,
    code: 'FE_BAD_CHMOD',
    message: /^invalid chmod parameter: 'u\+y'/,
    line: 2,
  },
  {
    name: 'a checksum for several sources',
    text: `${local}ADD --checksum=sha256:0 https://a/b https://a/c /`,
    code: 'FE_BAD_CHECKSUM',
    message: "checksum can't be specified for multiple sources",
    line: 2,
  },
  {
    name: 'a checksum for a local file',
    text: `${local}ADD --checksum=sha256:0 b /`,
    code: 'FE_BAD_CHECKSUM',
    message: 'checksum requires HTTP(S) or Git sources',
    line: 2,
  },
  {
    name: 'DF-COPY-46 a checksum that is no commit',
    text: `${local}ADD --checksum=sha256:00 https://a/b.git /`,
    code: 'FE_BAD_CHECKSUM',
    message: 'invalid checksum sha256:00, expected hex commit hash',
    line: 2,
  },
  {
    name: 'a repository URL with an unknown query',
    text: `${local}ADD https://a/b.git?x=1 /`,
    code: 'FE_BAD_GIT_URL',
    message: 'unexpected query "x"',
    line: 2,
  },
  {
    name: 'two opinions on keep-git-dir',
    text: `${local}ADD --keep-git-dir=false https://a/b.git?keep-git-dir /`,
    code: 'FE_BAD_GIT_URL',
    message: 'inconsistent keep-git-dir configuration',
    line: 2,
  },
  {
    name: 'DF-RUN-22 a mount over the root',
    text: `${local}RUN --mount=target=/ x`,
    code: 'FE_BAD_MOUNT',
    message: 'invalid mount target "/"',
    line: 2,
  },
  {
    name: 'a mount without a target in the root',
    text: `${local}RUN --mount=type=tmpfs x`,
    code: 'FE_BAD_MOUNT',
    message: 'target is required',
    line: 2,
  },
  {
    name: 'DF-RUN-22 a mount of no known type',
    text: `${local}RUN --mount=type=bnid,target=/a x`,
    code: 'DF_BAD_MOUNT',
    message: /^unsupported mount type "bnid"/,
    line: 2,
  },
  {
    name: "the machine's network that the build does not grant",
    text: `${local}RUN --network=host curl localhost`,
    code: 'FE_NOT_ALLOWED',
    message: 'network.host is not allowed',
    hint: /pass `--allow network.host`/,
    line: 2,
  },
  {
    name: 'DF-MISC-11 an empty volume',
    text: `${local}VOLUME $unset`,
    code: 'FE_EMPTY_VOLUME',
    message: 'VOLUME specified can not be an empty string',
    line: 2,
  },
  {
    name: 'DF-MISC-10 a port that is none',
    text: `${local}EXPOSE 99999`,
    code: 'DF_BAD_PORT',
    message: /^invalid containerPort: 99999/,
    line: 2,
  },
  {
    name: 'DF-MISC-19 a signal that is none',
    text: `${local}STOPSIGNAL foo`,
    code: 'DF_BAD_SIGNAL',
    message: /^invalid signal: foo/,
    line: 2,
  },
  {
    name: 'a required variable',
    text: `${local}RUN a\nWORKDIR /\${x:?is needed}`,
    code: 'DF_VARIABLE_REQUIRED',
    message: /x: is needed/,
    line: 3,
  },
  {
    name: 'a global ARG that fails to expand',
    text: `ARG a=\${b:?no}\n${local}`,
    code: 'DF_VARIABLE_REQUIRED',
    message: /b: no/,
    line: 1,
  },
  {
    name: 'a trigger of an image that is no instruction',
    text: `# c\nFROM badtrigger:1`,
    code: 'FE_BAD_TRIGGER',
    message: /^an ONBUILD trigger of `badtrigger:1` can't run: .*nonsense/,
    line: 2,
  },
  {
    name: "a mistake in a trigger, at the child's FROM",
    text: `# c\nFROM emptytrigger:1`,
    code: 'DF_VARIABLE_REQUIRED',
    message: /also: missing/,
    line: 2,
  },
];

test.for(rows)('compile() refuses $name', async ({ text, options, code, message, line, hint }) => {
  const error: unknown = await compileText(text, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    code,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    ...(hint === undefined ? {} : { hint: typeof hint === 'string' ? hint : expect.stringMatching(hint) }),
  });
  expect((error as { at?: { start: { line: number } } }).at?.start.line).toBe(line);
});
