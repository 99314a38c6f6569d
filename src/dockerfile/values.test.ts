import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';
import { parsePortSpecs } from './port-spec.ts';
import { isSignal, parseSignal } from './signal.ts';

test.for<[string, number]>([
  ['0', 0],
  ['1h30m', 5_400e9],
  ['500ms', 5e8],
  ['1.5s', 1.5e9],
  ['.5s', 5e8],
  ['1.s', 1e9],
  ['2us', 2000],
  ['2µs', 2000],
  ['-1m', -60e9],
  ['+3ns', 3],
  ['1h2m3s4ms5us6ns', 3_723_004_005_006],
])('DF-MISC-17 parseDuration() reads %s', ([text, expected]) => {
  expect(parseDuration(text)).toBe(expected);
});

test.for([
  ['', 'time: invalid duration ""'],
  ['-', 'time: invalid duration "-"'],
  ['5', 'time: missing unit in duration "5"'],
  ['1d', 'time: unknown unit "d" in duration "1d"'],
  ['s', 'time: invalid duration "s"'],
  ['1 s', 'time: unknown unit " s" in duration "1 s"'],
  ['.s', 'time: invalid duration ".s"'],
  ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
  ['9999999h', 'time: invalid duration "9999999h"'],
])('parseDuration() refuses %j', ([text = '', message]) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'DF_BAD_DURATION', message }));
});

test.for<[string[], string[]]>([
  [['80'], ['80/tcp']],
  [
    ['53/udp', '9/SCTP', '80/'],
    ['53/udp', '9/sctp', '80/tcp'],
  ],
  [['8000-8002'], ['8000/tcp', '8001/tcp', '8002/tcp']],
  [['8000-8000/udp'], ['8000/udp']],
  [['8080:80'], ['80/tcp']],
  [['127.0.0.1:8080:80/udp'], ['80/udp']],
  [['127.0.0.1::80'], ['80/tcp']],
  [['[::1]:8080:80'], ['80/tcp']],
  [['::ffff:1.2.3.4:8080:80'], ['80/tcp']],
  [['8000-8009:80'], ['80/tcp']],
  [['1-2:3-4'], ['3/tcp', '4/tcp']],
  [
    ['0', '65535'],
    ['0/tcp', '65535/tcp'],
  ],
])('DF-MISC-09 parsePortSpecs() makes config keys of %j', ([specs, expected]) => {
  expect(parsePortSpecs(specs)).toEqual(expected);
});

test.for([
  ['99999', 'invalid containerPort: 99999'],
  ['80-70', 'invalid containerPort: 80-70'],
  ['#', 'invalid containerPort: #'],
  ['x:80', 'invalid hostPort: x'],
  ['', 'invalid port: "": no port specified'],
  ['/tcp', 'invalid port: "/tcp": no port specified'],
  ['80/http', 'invalid port: "80/http": invalid proto: http'],
  ['1.2.3:1:2', 'invalid IP address: 1.2.3'],
  ['1.2.3.256:1:2', 'invalid IP address: 1.2.3.256'],
  ['a::b::c:1:2', 'invalid IP address: a::b::c'],
  ['1-3:4-5', 'invalid ranges specified for container and host Ports: 4-5 and 1-3'],
])('DF-MISC-10 parsePortSpecs() refuses %j', ([spec = '', message]) => {
  expect(() => parsePortSpecs([spec])).toThrow(expect.objectContaining({ code: 'DF_BAD_PORT', message }));
});

test('DF-MISC-19 isSignal() knows names with and without SIG, in any case, and numbers', () => {
  for (const good of ['SIGTERM', 'term', 'SigKill', '9', '64', '-1', 'SIGRTMIN+15', 'rtmax-14'])
    expect(isSignal(good), good).toBe(true);
  for (const bad of ['', '0', 'foo', 'SIGSIGTERM', 'SIGRTMIN+16', 'RTMAX-15', '9x', ' 9', 'constructor'])
    expect(isSignal(bad), bad).toBe(false);
});

test('DF-MISC-19 parseSignal() returns the text as written, or refuses it', () => {
  expect(parseSignal('sigquit')).toBe('sigquit');
  expect(() => parseSignal('foo')).toThrow(expect.objectContaining({ code: 'DF_BAD_SIGNAL', message: 'invalid signal: foo' }));
});
