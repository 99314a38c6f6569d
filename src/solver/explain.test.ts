import { expect, test } from 'vitest';
import { explainMiss, likelyReasons, type MissReason, type RememberedKey } from './explain.ts';
import type { KeyPart } from './ports.ts';

const run = (change: Readonly<Record<string, string>> = {}, env: readonly string[] = ['A=1', 'API_TOKEN=x']): KeyPart[] => {
  const fields = { kind: 'exec', command: '["make"]', cwd: '/src', 'input 0': 'k0 0', ...change };
  return [...Object.entries(fields).map(([name, value]) => ({ name, value })), ...env.map((value) => ({ name: 'env', value }))];
};
const key = (parts: readonly KeyPart[], more: Partial<RememberedKey<string>> = {}): RememberedKey<string> => ({
  name: '[2/2] RUN make',
  parts,
  inputNames: ['[1/2] FROM docker.io/library/alpine:3@sha256:aa'],
  results: ['r'],
  ...more,
});
const ask = (
  parts: readonly KeyPart[],
  earlier: readonly RememberedKey<string>[],
  more: { name?: string; inputNames?: readonly string[] } = {},
): readonly MissReason[] =>
  explainMiss({
    name: '[2/2] RUN make',
    inputNames: ['[1/2] FROM docker.io/library/alpine:3@sha256:aa'],
    parts,
    earlier,
    ...more,
  }).reasons;

test('explainMiss() knows nothing of a step that was never built', () => {
  expect(ask(run(), [])).toEqual([{ kind: 'never-built' }]);
});

test('explainMiss() says that a result is gone when the keys are equal', () => {
  expect(ask(run(), [key(run())])).toEqual([{ kind: 'result-gone' }]);
});

test('explainMiss() shows an instruction before and after', () => {
  expect(ask(run({ command: '["make all"]' }), [key(run())], { name: '[2/2] RUN make all' })).toEqual([
    { kind: 'instruction', before: '[2/2] RUN make', after: '[2/2] RUN make all' },
  ]);
});

test('explainMiss() names variables that changed, came and went, and hides values that look secret', () => {
  expect(ask(run({}, ['A=2', 'B=', 'API_TOKEN=y']), [key(run({}, ['A=1', 'C=3', 'API_TOKEN=x']))])).toEqual([
    { kind: 'env', name: 'A', before: '1', after: '2' },
    { kind: 'env', name: 'C', before: '3', after: undefined },
    { kind: 'env', name: 'API_TOKEN', before: '****', after: '****' },
    { kind: 'env', name: 'B', before: undefined, after: '' },
  ]);
});

test('explainMiss() tells a moved base image from a step above that gave something else', () => {
  const moved = { inputNames: ['[1/2] FROM docker.io/library/alpine:3@sha256:bb'] };
  expect(ask(run({ 'input 0': 'k1 0' }), [key(run())], moved)).toEqual([
    { kind: 'base-image', before: 'docker.io/library/alpine:3@sha256:aa', after: 'docker.io/library/alpine:3@sha256:bb' },
  ]);
  const upstream = ['[1/3] COPY a .'];
  expect(ask(run({ 'input 0': 'k1 0' }), [key(run(), { inputNames: upstream })], { inputNames: upstream })).toEqual([
    { kind: 'upstream', step: '[1/3] COPY a .' },
  ]);
});

test('explainMiss() says that files of the context changed', () => {
  expect(ask(run({ 'content of input 1': 'b' }), [key(run({ 'content of input 1': 'a' }))])).toEqual([
    { kind: 'files', changes: undefined },
  ]);
});

test('explainMiss() holds a key against the earlier one with the fewest differences', () => {
  const far = key(run({ cwd: '/', command: '["x"]' }, []), { name: 'far' });
  const near = key(run({ cwd: '/app' }));
  expect(ask(run(), [far, near])).toEqual([{ kind: 'setting', name: 'cwd', before: '/app', after: '/src' }]);
});

test('likelyReasons() leaves out inputs that did not run and files that do not show, unless nothing else is left', () => {
  const upstream: MissReason = { kind: 'upstream', step: 'a' };
  const files: MissReason = { kind: 'files', changes: undefined };
  const env: MissReason = { kind: 'env', name: 'A', before: '1', after: '2' };
  const none = { changed: [], added: [], removed: [], modeOnly: [], total: 0 };
  expect(likelyReasons([upstream, files, env], new Set(), none)).toEqual([env]);
  expect(likelyReasons([upstream, env], new Set(['a']), undefined)).toEqual([upstream, env]);
  expect(likelyReasons([upstream], new Set(), undefined)).toEqual([upstream]);
});

test('explainMiss() says nothing of inputs that came or went with the words of an instruction', () => {
  const before = [
    key([
      { name: 'action 0', value: 'a' },
      { name: 'input 0', value: 'k0' },
      { name: 'content of input 1', value: 'c' },
    ]),
  ];
  const after: KeyPart[] = [
    { name: 'action 0', value: 'b' },
    { name: 'content of input 0', value: 'c' },
  ];
  const more = { name: '[2/2] COPY --link a b', inputNames: ['[internal] load build context'] };
  expect(ask(after, before, more)).toEqual([{ kind: 'instruction', before: '[2/2] RUN make', after: '[2/2] COPY --link a b' }]);
});
