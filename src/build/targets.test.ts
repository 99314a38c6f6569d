import { expect, test } from 'vitest';
import type { BuildOptions } from './options.ts';
import { planTargets, type TargetPlan } from './targets.ts';

const image = (names: readonly string[], target = 0, own?: string): TargetPlan['outputs'][number] => ({
  output: { type: 'image', names, ...(own === undefined ? {} : { target: own }) },
  target,
});

test.for<[what: string, options: BuildOptions, plan: Partial<TargetPlan>]>([
  ['the last stage when nothing is said', {}, { wanted: [undefined], outputs: [image([])] }],
  [
    'names for the last stage',
    { tags: ['app', 'app:latest'] },
    { wanted: [undefined], outputs: [image(['docker.io/library/app:latest'])] },
  ],
  ['one stage', { target: 'a', tags: ['x'] }, { wanted: ['a'], outputs: [image(['docker.io/library/x:latest'], 0, 'a')] }],
  ['an empty target as none', { target: '' }, { wanted: [undefined] }],
  ['several stages, each kept', { target: ['a', 'b'] }, { wanted: ['a', 'b'], outputs: [image([], 0, 'a'), image([], 1, 'b')] }],
  ['each stage once, in any case', { target: ['a', 'A'], tags: ['x'] }, { wanted: ['a'] }],
  [
    'only the stages that the outputs name',
    {
      outputs: [
        { type: 'image', names: ['x'], target: 'A' },
        { type: 'cacheonly', target: 'a' },
      ],
    },
    {
      wanted: ['A'],
      outputs: [image(['docker.io/library/x:latest'], 0, 'A'), { output: { type: 'cacheonly', target: 'a' }, target: 0 }],
    },
  ],
  [
    'an output of another stage beside a named image',
    { tags: ['x'], outputs: [{ type: 'image', target: 'b' }] },
    { wanted: [undefined, 'b'], outputs: [image(['docker.io/library/x:latest']), image([], 1, 'b')] },
  ],
  ['what is required, unless it is a target', { target: 'a', require: ['A', 't', 'T'] }, { wanted: ['a'], required: ['t'] }],
])('planTargets() takes %s', ([, options, plan]) => expect(planTargets(options)).toMatchObject(plan));

test.for<[string, BuildOptions, Partial<Error> & { code: string; hint?: string }]>([
  [
    'a name for one of several targets',
    { target: ['a', 'b'], tags: ['x'] },
    {
      code: 'BUILD_BAD_OPTION',
      message: 'the name `x` could be for any of the targets `a`, `b`',
      hint: 'write `-t a=x` to say for which',
    },
  ],
  [
    'an output for one of several targets',
    { target: ['a', 'b'], outputs: [{ type: 'local', dest: 'out' }] },
    { code: 'BUILD_BAD_OUTPUT', message: 'the output of type local could be for any of the targets `a`, `b`' },
  ],
  [
    'two outputs to one place',
    {
      outputs: [
        { type: 'local', dest: 'out', target: 'a' },
        { type: 'local', dest: './out/', target: 'b' },
      ],
    },
    { code: 'BUILD_BAD_OUTPUT', message: 'two outputs go to `./out/`' },
  ],
  [
    'one name for two images',
    { tags: ['x'], outputs: [{ type: 'image' }, { type: 'image', names: ['x:latest'], target: 'b' }] },
    { code: 'BUILD_BAD_OUTPUT', message: '`docker.io/library/x:latest` would name two images, of `the last stage` and `b`' },
  ],
])('planTargets() refuses %s', ([, options, error]) => {
  expect(() => planTargets(options)).toThrow(expect.objectContaining(error));
});
