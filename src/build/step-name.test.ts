import { expect, test } from 'vitest';
import { findStep, matchSteps, parseStepName } from './step-name.ts';

const names = [
  '[internal] load build context',
  '[build 1/3] FROM docker.io/library/node:22',
  '[build 2/3] COPY package.json ./',
  '[build 3/3] RUN npm ci   --omit=dev &&\n  npm cache clean',
  '[stage-1  1/10] FROM docker.io/library/nginx',
  '[stage-1  2/10] COPY --from=build /app /app',
  '[stage-1 10/10] RUN true',
];

test.for([
  ['[2/3] RUN make', { stage: undefined, number: 2, total: 3, instruction: 'RUN make' }],
  ['[build  2/13] RUN make', { stage: 'build', number: 2, total: 13, instruction: 'RUN make' }],
  ['[linux/amd64->arm64 build 2/3] RUN a\nb', { stage: 'build', number: 2, total: 3, instruction: 'RUN a\nb' }],
  ['[linux/amd64 2/3] ONBUILD RUN make', { number: 2, total: 3, instruction: 'RUN make' }],
] as const)('parseStepName() takes %s apart', ([name, parts]) => {
  expect(parseStepName(name)).toEqual(parts);
});

test.for(['[internal] load build context', 'exporting to image', 'RUN make', '[auth] x', ''])(
  'parseStepName() knows that %j is no step',
  (name) => {
    expect(parseStepName(name)).toBeUndefined();
  },
);

test.for([
  ['2', [2, 5]],
  ['3', [3]],
  ['10/10', [6]],
  ['build', [1, 2, 3]],
  ['build 2', [2]],
  ['BUILD 2/3', [2]],
  ['build 2/4', []],
  ['stage-1 2/10', [5]],
  ['[build 2/3]', [2]],
  ['[build 2/3] COPY package.json ./', [2]],
  ['run npm ci --omit=dev && npm', [3]],
  ['RUN', [3, 6]],
  ['copy --from', [5]],
  ['load', []],
  ['11', []],
] as const)('matchSteps() finds what %j means', ([wanted, found]) => {
  expect(matchSteps(names, wanted)).toEqual(found.map((index) => names[index]));
});

test('findStep() gives the one step, and says what there is to choose from', () => {
  expect(findStep(names, 'build 2')).toBe(names[2]);
  expect(() => findStep(names, 'RUN')).toThrow(
    expect.objectContaining({
      code: 'BUILD_NO_STEP',
      hint: 'say which: `[build 3/3] RUN npm ci --omit=dev && np…`, `[stage-1 10/10] RUN true`',
    }),
  );
  expect(() => findStep(names, 'biuld')).toThrow(
    expect.objectContaining({ code: 'BUILD_NO_STEP', hint: 'did you mean `build`?' }),
  );
  expect(() => findStep(names, '99')).toThrow(expect.objectContaining({ hint: expect.stringContaining('`[build 1/3] FROM') }));
  expect(() => findStep(names.slice(0, 1), '1')).toThrow(
    expect.objectContaining({ hint: 'it did not come as far as its first step' }),
  );
});
