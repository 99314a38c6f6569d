import { createServer } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSshAgents } from './ssh.ts';

const cwd = mkdtempSync(join(tmpdir(), 'slipway-ssh-'));
const socket = join(cwd, 'agent');
const server = createServer();
writeFileSync(join(cwd, 'key'), 'k');

beforeAll(() => new Promise<void>((done) => server.listen(socket, done)));
afterAll(() => new Promise<void>((done) => server.close(() => done())));

test.for([
  [['default'], { default: '/run/agent' }],
  [['work=agent'], { work: socket }],
  [['default', 'work=agent'], { default: '/run/agent', work: socket }],
] as const)('CLI-04 parseSshAgents() reads `%s`', ([values, expected]) => {
  expect(parseSshAgents(values, { SSH_AUTH_SOCK: '/run/agent' }, cwd)).toEqual(expected);
});

test.for([
  [['default'], 'invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set'],
  [['=agent'], 'an agent needs an ID'],
  [['a=agent', 'a=agent'], 'duplicate agent ID "a"'],
  [['a=nope'], 'no agent socket at `nope`'],
  [['a=key'], '`key` is not a socket'],
] as const)('CLI-04 parseSshAgents() refuses `%s`', ([values, message]) => {
  expect(() => parseSshAgents(values, {}, cwd)).toThrow(expect.objectContaining({ code: 'CLI_BAD_SSH', message }) as Error);
});
