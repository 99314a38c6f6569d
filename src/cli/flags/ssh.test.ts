import { expect, test } from 'vitest';
import { parseSshAgents } from './ssh.ts';

test.for([
  [['default'], { default: ['/run/agent'] }],
  [['work='], { work: ['/run/agent'] }],
  [['work=agent'], { work: ['/here/agent'] }],
  [['default', 'work=/keys/a,b=c'], { default: ['/run/agent'], work: ['/keys/a', '/here/b=c'] }],
] as const)('CLI-04 parseSshAgents() reads `%s`', ([values, expected]) => {
  expect(parseSshAgents(values, { SSH_AUTH_SOCK: '/run/agent' }, '/here')).toEqual(expected);
});

test.for([
  [['default'], 'invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set'],
  [['=agent'], 'an agent needs an ID'],
  [['a=agent', 'a=agent'], 'duplicate agent ID "a"'],
] as const)('CLI-04 parseSshAgents() refuses `%s`', ([values, message]) => {
  expect(() => parseSshAgents(values, {}, '/here')).toThrow(expect.objectContaining({ code: 'CLI_BAD_SSH', message }) as Error);
});
