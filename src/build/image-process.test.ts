import { expect, test } from 'vitest';
import { commandOf, environmentOf, parseVolume } from './image-process.ts';

test.for<[what: string, entrypoint: string[] | undefined, command: string[] | undefined, args: string[]]>([
  ['nothing', undefined, undefined, ['entry', 'cmd']],
  ['a command', undefined, ['ls', '-l'], ['entry', 'ls', '-l']],
  ['no words', undefined, [], ['entry', 'cmd']],
  ['an entrypoint', ['sh'], undefined, ['sh']],
  ['both', ['sh'], ['-c', 'x'], ['sh', '-c', 'x']],
  ['an empty entrypoint and a command', [], ['ls'], ['ls']],
])('commandOf() runs what the image says, given %s', ([, entrypoint, command, args]) => {
  const config = { Entrypoint: ['entry'], Cmd: ['cmd'] };
  expect(commandOf(config, { image: 'app', ...(entrypoint && { entrypoint }), ...(command && { command }) })).toEqual(args);
});

test('commandOf() says so when there is nothing to run', () => {
  expect(() => commandOf({}, { image: 'app' })).toThrow(expect.objectContaining({ code: 'BUILD_NO_COMMAND' }));
  expect(() => commandOf({ Cmd: ['cmd'] }, { image: 'app', entrypoint: [] })).toThrow(
    expect.objectContaining({ code: 'BUILD_NO_COMMAND' }),
  );
});

test.for<[image: string[], added: string[], env: string[]]>([
  [['PATH=/bin', 'A=1'], [], ['PATH=/bin', 'A=1']],
  [
    ['PATH=/bin', 'A=1', 'B=2'],
    ['A=3', 'C=4'],
    ['PATH=/bin', 'A=3', 'B=2', 'C=4'],
  ],
  [['PATH=/bin', 'A=1=2'], ['B='], ['PATH=/bin', 'A=1=2', 'B=']],
  [['PATH=/bin', 'FOOX=1', 'FOOY=2'], ['FOOX'], ['PATH=/bin', 'FOOY=2']],
  [['PATH=/bin'], ['FOO', 'FOX'], ['PATH=/bin']],
  [['A=1'], [], ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1']],
])('environmentOf() of %j with %j', ([image, added, env]) => {
  expect(environmentOf(image, added)).toEqual(env);
});

test.for<[text: string, source: string, destination: string, mode: string]>([
  ['/data:/in', '/data', '/in', 'rw'],
  ['./data:/in:ro', './data', '/in', 'ro'],
  ['../data:/in/deep:rw', '../data', '/in/deep', 'rw'],
])('parseVolume() %s', ([text, source, destination, mode]) => {
  expect(parseVolume(text)).toEqual({ source, destination, mode });
});

test.for([':/in', '/data', '/data:', '/data:in', '/data:/', '/data://', '/data:/in:z', '/data:/in:ro:rw', 'name:/in', ''])(
  'parseVolume() refuses `%s`',
  (text) => {
    expect(() => parseVolume(text)).toThrow(expect.objectContaining({ code: 'BUILD_BAD_VOLUME' }));
  },
);
