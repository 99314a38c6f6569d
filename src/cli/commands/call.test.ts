import { expect, test } from 'vitest';
import { SlipwayError } from '../../base/index.ts';
import { parseDockerfile, checkDockerfile } from '../../dockerfile/index.ts';
import { runCli } from '../dispatch.ts';
import { createFakeWorld } from '../fake-world.ts';
import type { Library } from '../ports.ts';
import { parseCall } from './call.ts';

const text = 'FROM a AS X\n';
const source = new TextEncoder().encode(text);
const at = { file: 'Dockerfile', start: { line: 1, column: 1 }, end: { line: 1, column: 5 } };

function library(buildError?: SlipwayError): Partial<Library> {
  return {
    check: () => {
      const told = buildError && { message: buildError.message, lines: { first: 1, last: 1 } };
      const found = { ...checkDockerfile(parseDockerfile(text)), mistakes: [], buildError, told };
      return Promise.resolve({ ...found, fileName: 'Dockerfile', source });
    },
    outline: () =>
      Promise.resolve({
        name: 'x',
        description: 'is it',
        args: [{ name: 'A', value: '', description: undefined, line: 1 }],
        secrets: [{ name: 'tok', required: true, line: 2 }],
        ssh: [{ name: 'default', required: false, line: 3 }],
        source,
      }),
    targets: () =>
      Promise.resolve({
        stages: [
          {
            index: 0,
            name: 'x',
            displayName: 'x',
            base: 'a',
            platform: undefined,
            description: 'is it',
            line: 1,
            isDefault: false,
          },
          {
            index: 1,
            name: undefined,
            displayName: 'stage-1',
            base: 'x',
            platform: undefined,
            description: undefined,
            line: 2,
            isDefault: true,
          },
        ],
        source,
      }),
  };
}

async function call(argv: readonly string[], buildError?: SlipwayError) {
  const world = createFakeWorld({ library: library(buildError), stdin: text });
  const code = await runCli(['build', ...argv, '-'], world);
  return { code, out: world.stdout(), err: world.stderr(), builds: world.builds.length };
}

test('parseCall() knows the questions, and that a build is none', () => {
  expect(parseCall('build')).toBeUndefined();
  expect(parseCall('lint')).toEqual({ method: 'check', json: false, ignoreStatus: false });
  expect(parseCall('check,format=json,ignorestatus=true')).toEqual({ method: 'check', json: true, ignoreStatus: true });
  for (const bad of ['nonsense', 'check,format=xml', 'check,ignorestatus=2', 'check,x=y'])
    expect(() => parseCall(bad)).toThrow(expect.objectContaining({ code: 'CLI_BAD_FLAG_VALUE' }));
});

test.for<[readonly string[]]>([[['--check']], [['--call=check']], [['--call', 'lint']], [['--print=check']]])(
  'slipway build %j checks, builds nothing, and ends with 1 when something was found',
  async ([argv]) => {
    const { code, out, builds } = await call(argv);
    expect({ code, builds }).toEqual({ code: 1, builds: 0 });
    expect(out).toContain('Check complete, 1 warning has been found!\n\nWARNING: StageNameCasing - https://');
  },
);

test('slipway build --call=check,ignorestatus=true ends with 0', async () => {
  expect(await call(['--call=check,ignorestatus=true'])).toMatchObject({ code: 0 });
});

test('slipway build --check tells what would stop the build, after what was found', async () => {
  const { code, out, err } = await call(['--check'], new SlipwayError('DF_BAD_SUBSTITUTION', 'bad', { at }));
  expect(code).toBe(1);
  expect(out).toContain('1 warning');
  expect(err).toContain('error[DF_BAD_SUBSTITUTION]: bad\n\n  Dockerfile:1:1\n');
});

test('slipway build --call=check,format=json carries the error in the answer', async () => {
  const { code, out, err } = await call(['--call=check,format=json'], new SlipwayError('DF_BAD_SUBSTITUTION', 'bad', { at }));
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    buildError: { message: 'bad', location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] } },
  });
});

test('slipway build --call=outline lists what may be given', async () => {
  expect(await call(['--call=outline'])).toMatchObject({
    code: 0,
    out: 'TARGET:      x\nDESCRIPTION: is it\n\nBUILD ARG   VALUE   DESCRIPTION\nA                   \n\nSECRET   REQUIRED\ntok      true\n\nSSH       REQUIRED\ndefault   \n\n',
  });
  expect(JSON.parse((await call(['--call=outline,format=json'])).out)).toEqual({
    name: 'x',
    description: 'is it',
    args: [{ name: 'A', location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] } }],
    secrets: [{ name: 'tok', required: true, location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] } }],
    ssh: [{ name: 'default', location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] } }],
    sources: [Buffer.from(source).toString('base64')],
  });
});

test('slipway build --call=targets lists the stages and marks the default one', async () => {
  expect((await call(['--call=targets'])).out).toBe('TARGET    DESCRIPTION\nx         is it\n(default) \n');
  expect(JSON.parse((await call(['--call=targets,format=json'])).out).targets).toMatchObject([
    { name: 'x', description: 'is it', base: 'a' },
    { default: true, base: 'x' },
  ]);
});
