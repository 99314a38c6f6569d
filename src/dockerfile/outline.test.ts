import { expect, test } from 'vitest';
import { outline } from './outline.ts';
import { parseDockerfile } from './parse.ts';

const text = `# A is a
ARG A=1
# TAG of alpine
ARG TAG=latest
ARG UNUSED=2
FROM alpine AS base
# B the bee
ARG B=$A
ARG A
# tgt is x
FROM base AS tgt
ARG C
RUN --mount=type=secret,id=tok,required --mount=type=ssh --mount=type=cache,target=/x,id=foo true
RUN --mount=type=secret,id=opt,env=OPT --mount=type=ssh,id=k,required=true a
FROM busybox:$TAG
COPY --from=tgt / /
ARG TARGETPLATFORM HTTP_PROXY
`;

function of(index: number, buildArgs = {}) {
  const { file } = parseDockerfile(text);
  const stage = file.stages[index];
  if (stage === undefined) throw new Error('no such stage');
  return outline(file, stage, { buildArgs });
}

test('outline() lists what a stage and those it needs use, with the values a build would take', () => {
  const { name, args, secrets, ssh } = of(2, { C: 'given' });
  expect(name).toBeUndefined();
  expect(args).toEqual([
    { name: 'A', value: '1', description: 'is a', line: 2 },
    { name: 'TAG', value: 'latest', description: 'of alpine', line: 4 },
    { name: 'B', value: '', description: 'the bee', line: 8 },
    { name: 'C', value: 'given', description: undefined, line: 12 },
    { name: 'HTTP_PROXY', value: '', description: undefined, line: 17 },
  ]);
  expect(secrets).toEqual([
    { name: 'tok', required: true, line: 13 },
    { name: 'opt', required: false, line: 14 },
  ]);
  expect(ssh).toEqual([
    { name: 'default', required: false, line: 13 },
    { name: 'k', required: true, line: 14 },
  ]);
});

test('outline() leaves out what the stage does not need', () => {
  expect(of(0)).toMatchObject({ name: 'base', args: [{ name: 'A' }, { name: 'B' }], secrets: [], ssh: [] });
  expect(of(1)).toMatchObject({ name: 'tgt', description: 'is x' });
});
