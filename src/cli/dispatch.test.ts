import { describe, expect, test } from 'vitest';
import { cancelled, SlipwayError } from '../base/index.ts';
import { runCli } from './dispatch.ts';
import { createFakeWorld, type FakeOptions, type FakeWorld } from './fake-world.ts';
import type { ImageSummary, Library } from './ports.ts';

async function run(
  argv: readonly string[],
  options: FakeOptions = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly world: FakeWorld }> {
  const world = createFakeWorld(options);
  const code = await runCli(argv, world);
  return { code, out: world.stdout(), err: world.stderr(), world };
}

/** A library function that remembers what it was asked for, without the signal and the functions. */
function spy<T>(result: T): { readonly asked: unknown[]; readonly call: (options: object) => Promise<T> } {
  const asked: unknown[] = [];
  return {
    asked,
    call: (options) => {
      asked.push(
        Object.fromEntries(Object.entries(options).filter(([key, value]) => key !== 'signal' && typeof value !== 'function')),
      );
      return Promise.resolve(result);
    },
  };
}

const image: ImageSummary = {
  names: ['app:1', 'registry.test:5000/team/app:latest'],
  imageId: `sha256:${'a1'.repeat(32)}`,
  manifestDigest: `sha256:${'b2'.repeat(32)}`,
  createdAt: '1969-12-30T00:00:00Z',
  sizeBytes: 12_340_000,
  platform: 'linux/amd64',
};
const nameless: ImageSummary = { ...image, names: [], imageId: `sha256:${'c3'.repeat(32)}`, createdAt: undefined };

describe('runCli()', () => {
  test.for([['--version'], ['version'], ['-v']])('%j prints the version', async (argv) => {
    expect(await run(argv)).toMatchObject({ code: 0, out: 'slipway 1.2.3\n', err: '' });
  });

  test.for([['--help'], ['help'], []])('%j lists the commands, with the two lines to begin with', async (argv) => {
    const { code, out } = await run(argv);
    expect(code).toBe(0);
    expect(out).toContain('\n  slipway build -t app .\n');
    for (const name of ['build', 'run', 'images', 'import', 'save', 'load', 'push', 'pull', 'tag', 'rm'])
      expect(out).toMatch(new RegExp(`\n {2}${name} +[A-Z]`));
  });

  test.for(['build', 'run', 'images', 'import', 'save', 'load', 'push', 'pull', 'tag', 'rm'])(
    '%s --help teaches with examples',
    async (name) => {
      const { code, out, err } = await run([name, '--help']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(
        new RegExp(
          `\n\nUsage: slipway ${name} .*\n[^]*\nExamples:\n {2}# .+\n {2}.*slipway ${name}\\b[^]*\nOptions of every command:\n`,
        ),
      );
      expect((await run(['help', name])).out).toBe(out);
    },
  );

  test.for<[string, string, string]>([
    ['biuld', '`biuld` is not a command of slipway', 'did you mean `slipway build`?'],
    ['zzzzzzz', '`zzzzzzz` is not a command of slipway', '`slipway --help` lists the commands'],
    ['lock', '`slipway lock` is not there yet', '`slipway --help` lists the commands that are'],
    ['--tag', '`slipway` has no flag `--tag`', '`slipway --help` lists the flags'],
  ])('refuses %s', async ([name, message, hint]) => {
    const { code, err, out } = await run([name]);
    expect(err).toMatch(/^error\[CLI_[A-Z_]+\]: /);
    expect(err.replace(/^.*?: /, '')).toBe(`${message}\n  hint: ${hint}\n`);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('takes the flags of every command before the name, too', async () => {
    const { world, code } = await run(['--root', '/r', '-D', 'build', '--runtime', 'runc', '.']);
    expect(code).toBe(0);
    expect(world.builds[0]?.engine).toEqual({ root: '/r', runtime: 'runc' });
  });
});

describe('slipway images', () => {
  const library: Partial<Library> = { listImages: () => Promise.resolve([image, nameless]) };
  const id = image.imageId;

  test('shows a row for each name', async () => {
    expect((await run(['images'], { library })).out).toBe(
      [
        'REPOSITORY                    TAG      IMAGE ID       CREATED      SIZE',
        'app                           1        a1a1a1a1a1a1   2 days ago   12.34MB',
        'registry.test:5000/team/app   latest   a1a1a1a1a1a1   2 days ago   12.34MB',
        '<none>                        <none>   c3c3c3c3c3c3   N/A          12.34MB',
        '',
      ].join('\n'),
    );
  });

  test.for<[string[], string]>([
    [['images', '-q'], `a1a1a1a1a1a1\nc3c3c3c3c3c3\n`],
    [['ls', '-q', '--no-trunc', 'app'], `${id}\n`],
    [['images', '-q', 'other'], ''],
    [
      ['images', 'app:1', '--digests'],
      `REPOSITORY   TAG   DIGEST${' '.repeat(68)}IMAGE ID       CREATED      SIZE\napp          1     ${image.manifestDigest}   a1a1a1a1a1a1   2 days ago   12.34MB\n`,
    ],
  ])('%j', async ([argv, out]) => expect((await run(argv, { library })).out).toBe(out));

  test('--json prints one list', async () => {
    expect(JSON.parse((await run(['images', '--json'], { library })).out)).toEqual([image, JSON.parse(JSON.stringify(nameless))]);
  });
});

describe('the store commands ask the library', () => {
  test('import', async () => {
    const { call, asked } = spy(image);
    const { out, code } = await run(['import', 'root.tar', 'base', '--config', 'c.json', '--platform', 'linux/arm64'], {
      library: { importImage: call },
    });
    expect({ out, code, asked }).toEqual({
      out: `${image.imageId}\n`,
      code: 0,
      asked: [{ tar: 'root.tar', name: 'base', configFile: 'c.json', platform: 'linux/arm64', engine: {} }],
    });
  });

  test('save', async () => {
    const { call, asked } = spy(undefined);
    await run(['save', '-o', 'x.tar', '--format', 'oci-archive', 'a', 'b'], { library: { saveImages: call } });
    expect(asked).toEqual([{ names: ['a', 'b'], dest: 'x.tar', format: 'oci', engine: {} }]);
    expect((await run(['save', 'a'], { library: { saveImages: call }, stdoutIsTerminal: true })).err).toContain(
      'an archive is not written to a terminal',
    );
    expect((await run(['save', '--format=zip', 'a'], { library: { saveImages: call } })).err).toContain('`zip` is not a format');
  });

  test('load', async () => {
    const { call, asked } = spy([image, nameless]);
    const { out } = await run(['load', '-i', 'x.tar'], { library: { loadImages: call } });
    expect(asked).toEqual([{ source: 'x.tar', engine: {} }]);
    expect(out).toBe(
      `Loaded image: app:1\nLoaded image: registry.test:5000/team/app:latest\nLoaded image ID: ${nameless.imageId}\n`,
    );
    expect((await run(['load'], { library: { loadImages: call } })).err).toContain('there is no archive on standard input');
  });

  test.for(['rm', 'rmi'])('%s', async (name) => {
    const { call, asked } = spy([
      { name: 'a', deleted: false },
      { name: 'sha256:1', deleted: true },
    ]);
    expect((await run([name, '-f', 'a'], { library: { removeImages: call } })).out).toBe('Untagged: a\nDeleted: sha256:1\n');
    expect(asked).toEqual([{ names: ['a'], engine: {} }]);
  });

  test('tag', async () => {
    const { call, asked } = spy(undefined);
    expect((await run(['tag', 'a', 'b'], { library: { tagImage: call } })).code).toBe(0);
    expect(asked).toEqual([{ source: 'a', target: 'b', engine: {} }]);
    expect((await run(['tag', 'a'])).err).toContain('"slipway tag" requires 2 arguments.');
  });

  test('push and pull, with progress on standard error and the digest on standard output', async () => {
    const pushImage: Library['pushImage'] = ({ onProgress }) => {
      onProgress?.({ part: 'sha256:1', current: 5, total: 5, done: true });
      return Promise.resolve({ digest: 'sha256:d' });
    };
    expect(await run(['push', 'r.test/a'], { library: { pushImage } })).toMatchObject({
      code: 0,
      out: 'sha256:d\n',
      err: '#1 pushing r.test/a\n#1 sha256:1 5B / 5B done\n#1 DONE 0.0s\n',
    });
    const { call, asked } = spy(image);
    expect(
      await run(['pull', '-q', 'a'], { library: { pullImage: call }, env: { DOCKER_DEFAULT_PLATFORM: 'linux/arm64' } }),
    ).toMatchObject({ out: `${image.manifestDigest}\n`, err: '' });
    expect(asked).toEqual([{ name: 'a', platform: 'linux/arm64', engine: {} }]);
  });
});

describe('slipway run', () => {
  const plain = { image: 'app', env: [], volumes: [], interactive: false, engine: {} };

  test.for<[string[], object]>([
    [['app'], {}],
    [['app', 'ls', '-e', '--rm'], { command: ['ls', '-e', '--rm'] }],
    [
      ['--rm', '-it', '-w', '/w', '-u', '1:2', '--network=none', 'app'],
      { interactive: true, workdir: '/w', user: '1:2', network: 'none' },
    ],
    [['-e', 'A=1', '-e', 'B', '-e', 'C', '-v', '/x:/y:ro', 'app'], { env: ['A=1', 'B=from here'], volumes: ['/x:/y:ro'] }],
    [['--entrypoint', 'sh', 'app', '-c', 'true'], { entrypoint: ['sh'], command: ['-c', 'true'] }],
    [['--entrypoint=', 'app'], { entrypoint: [] }],
    [['--', 'app', '-x'], { command: ['-x'] }],
  ])('%j asks the library, and ends with the code of the process', async ([argv, want]) => {
    const { call, asked } = spy({ exitCode: 42 });
    const { code, err } = await run(['run', ...argv], { library: { runImage: call }, env: { B: 'from here' } });
    expect({ code, err, asked }).toEqual({ code: 42, err: '', asked: [{ ...plain, ...want }] });
  });

  test('passes the output of the process on, each stream to its own', async () => {
    const runImage: Library['runImage'] = ({ onOutput }) => {
      onOutput?.(1, Buffer.from('out'));
      onOutput?.(2, Buffer.from('err'));
      return Promise.resolve({ exitCode: 0 });
    };
    expect(await run(['run', 'app'], { library: { runImage } })).toMatchObject({ out: 'out', err: 'err' });
  });

  test('-p says plainly that it changes nothing', async () => {
    const { err, code } = await run(['run', '-p', '8080:80', 'app'], { library: { runImage: spy({ exitCode: 0 }).call } });
    expect(err).toBe(
      "note: `-p 8080:80` changes nothing: the container has this machine's network, and its ports are ports of this machine\n",
    );
    expect(code).toBe(0);
  });

  test.for<[string[], string]>([
    [['-d', 'app'], '`slipway run` does not support `--detach` yet'],
    [['--rm=false', 'app'], '`slipway run` does not support `--rm=false`'],
    [['--network', 'bridge', 'app'], '`slipway run` has no network `bridge`'],
    [[], '"slipway run" requires at least 1 argument.'],
    [['--entrypont', 'x'], '`slipway run` has no flag `--entrypont`'],
  ])('refuses %j with 125, a code that programs leave alone', async ([argv, message]) => {
    const { code, err } = await run(['run', ...argv]);
    expect(err).toContain(`]: ${message}\n`);
    expect(code).toBe(125);
  });

  test('ends with 125 when the process could not be run, with 130 when it was cancelled', async () => {
    const failing = (error: Error): FakeOptions => ({ library: { runImage: () => Promise.reject(error) } });
    expect((await run(['run', 'app'], failing(new SlipwayError('SANDBOX_NO_PROGRAM', 'no')))).code).toBe(125);
    expect((await run(['run', 'app'], failing(cancelled()))).code).toBe(130);
  });

  test('leaves Ctrl-C on a terminal to the process, and stops at SIGTERM', async () => {
    const runImage: Library['runImage'] = ({ signal }) => {
      world.send('SIGINT');
      expect(signal?.aborted).toBe(false);
      world.send('SIGTERM');
      expect(signal?.aborted).toBe(true);
      return Promise.resolve({ exitCode: 0 });
    };
    const world: FakeWorld = createFakeWorld({ library: { runImage } });
    await runCli(['run', '-it', 'app'], world);
    expect(world.listeners()).toBe(0);
    expect.assertions(3);
  });
});

test('reportError() says nothing to a reader who went away', async () => {
  const world = createFakeWorld({ library: { build: () => Promise.reject(new Error('EPIPE')) } });
  const broken = { ...world, io: { ...world.io, stdout: { ...world.io.stdout, isBroken: true } } };
  expect(await runCli(['build', '.'], broken)).toBe(141);
  expect(world.stderr()).toBe('');
});
