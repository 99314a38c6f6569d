import { expect, test } from 'vitest';
import { parseExtraHosts, parseShmSize, parseUlimits } from './run-limits.ts';

test.for([
  ['db:10.0.0.1', 'db', '10.0.0.1'],
  ['db=10.0.0.1', 'db', '10.0.0.1'],
  ['db:::1', 'db', '::1'],
  ['db:[::1]', 'db', '::1'],
  ['host.docker.internal:host-gateway', 'host.docker.internal', '127.0.0.1'],
] as const)('CLI-05 parseExtraHosts() reads `%s`', ([value, host, ip]) => {
  expect(parseExtraHosts([value])).toEqual([{ host, ip }]);
});

test.for(['db', 'db:', ':10.0.0.1', 'db:nowhere'])('CLI-05 parseExtraHosts() refuses `%s`', (value) => {
  expect(() => parseExtraHosts([value])).toThrow(`invalid host ${value}`);
});

test.for([
  ['nofile=1024', { name: 'nofile', soft: 1024, hard: 1024 }],
  ['nofile=1024:2048', { name: 'nofile', soft: 1024, hard: 2048 }],
  ['core=-1', { name: 'core', soft: -1, hard: -1 }],
] as const)('CLI-05 parseUlimits() reads `%s`', ([value, limit]) => {
  expect(parseUlimits([value])).toEqual([limit]);
});

test.for(['nofile', 'nofile=x', 'files=1', 'nofile=5:4', 'nofile=-1:4'])('CLI-05 parseUlimits() refuses `%s`', (value) => {
  expect(() => parseUlimits([value])).toThrow(/ulimit/);
});

test.for([
  ['64', 64],
  ['64k', 65_536],
  ['128M', 134_217_728],
  ['1gb', 1_073_741_824],
] as const)('CLI-05 parseShmSize() reads `%s`', ([value, bytes]) => {
  expect(parseShmSize(value)).toBe(bytes);
});

test('CLI-05 parseShmSize() refuses what is no size', () => {
  expect(() => parseShmSize('lots')).toThrow("invalid size: 'lots'");
});
