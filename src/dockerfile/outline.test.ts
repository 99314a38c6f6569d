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

test('outline() of what several stages use: the target comes first, values go from base to stage', () => {
  const text = [
    'ARG nodefault',
    'FROM alpine AS base',
    'ARG VERSION=1.2',
    'RUN --mount=type=secret,id=tok,required --mount=type=ssh true',
    'FROM busybox AS side',
    'ARG sidearg=1',
    'FROM base AS final',
    'ARG nodefault',
    'ARG VERSION',
    'ARG x=${VERSION}-y',
    'ENV e=$x',
    'ARG z=$e',
    'RUN --mount=type=secret,id=tok --mount=type=ssh,id=k,required=true true',
    'COPY --from=side /x /y',
  ].join('\n');
  const { file } = parseDockerfile(text);
  const target = file.stages[2];
  if (target === undefined) throw new Error('no such stage');
  const { args, secrets, ssh } = outline(file, target);
  expect(args.map(({ name, value, line }) => `${name}=${value} ${line}`)).toEqual([
    'sidearg=1 6',
    'nodefault= 8',
    'VERSION= 9',
    'x=1.2-y 10',
    'z=1.2-y 12',
  ]);
  expect(secrets).toEqual([{ name: 'tok', required: false, line: 13 }]);
  expect(ssh.map(({ name, line }) => `${name} ${line}`)).toEqual(['default 4', 'k 13']);
});
