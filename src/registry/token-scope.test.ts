import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coversScopes, mergeScopes } from './token-scope.ts';

test.for([
  {
    in: ['repository:b:pull', 'repository:a:push,pull', 'repository:b:push'],
    out: ['repository:a:pull,push', 'repository:b:pull,push'],
  },
  { in: ['repository:host:5000/a:pull'], out: ['repository:host:5000/a:pull'] },
  { in: ['aws', 'aws'], out: ['aws'] },
])('REG-05 mergeScopes() unites the actions of a resource: $in', ({ in: scopes, out }) => {
  expect(mergeScopes(scopes)).toEqual(out);
});

test('coversScopes() needs every action of every resource', () => {
  expect(coversScopes(['repository:a:pull,push'], ['repository:a:pull'])).toBe(true);
  expect(coversScopes(['repository:a:pull'], ['repository:a:pull,push'])).toBe(false);
  expect(coversScopes(['repository:a:pull'], ['repository:b:pull'])).toBe(false);
});

const scope = fc
  .tuple(fc.constantFrom('a', 'b/c', 'h:1/x'), fc.subarray(['pull', 'push', 'delete'], { minLength: 1 }))
  .map(([name, actions]) => `repository:${name}:${actions.join(',')}`);

test('mergeScopes() covers its input, is stable under order and repetition', () => {
  fc.assert(
    fc.property(fc.array(scope), (scopes) => {
      const merged = mergeScopes(scopes);
      expect(coversScopes(merged, scopes)).toBe(true);
      expect(mergeScopes([...scopes].reverse())).toEqual(merged);
      expect(mergeScopes([...merged, ...scopes])).toEqual(merged);
    }),
  );
});
