import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cancelled, SlipwayError } from '../../base/index.ts';
import { runCli } from '../dispatch.ts';
import { createFakeWorld, type FakeOptions, type FakeWorld, fakeResult } from '../fake-world.ts';
import { StepError } from '../../solver/index.ts';
import type { BuildOptions, Library } from '../ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-build-'));
writeFileSync(join(folder, 'Dockerfile'), 'FROM alpine\nWORKDIR /x\nRUN make\n');
writeFileSync(join(folder, 'file'), '');
mkdirSync(join(folder, 'directory'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(
  argv: readonly string[],
  options: FakeOptions = {},
): Promise<{ readonly world: FakeWorld; readonly code: number; readonly asked: BuildOptions | undefined }> {
  const world = createFakeWorld({ cwd: folder, ...options });
  const code = await runCli(['build', ...argv], world);
  return { world, code, asked: world.builds[0] };
}

/** What the library is asked beyond what every build asks. */
async function asked(argv: readonly string[], env: Record<string, string> = {}): Promise<Partial<BuildOptions>> {
  const { world, code, asked: options } = await run([...argv, '.'], { env });
  expect(
    world
      .stderr()
      .replace(/^(?:WARNING|note): .*\n/gm, '')
      .trimStart(),
  ).toMatch(/^built /);
  expect(code).toBe(0);
  const { signal, onEvent, engine, context, ...rest } = options ?? {};
  expect({ isSignal: signal instanceof AbortSignal, onEvent: typeof onEvent, context }).toEqual({
    isSignal: true,
    onEvent: 'function',
    context: '.',
  });
  return { ...rest, ...(engine && Object.keys(engine).length > 0 ? { engine } : {}) };
}

const plain = { tags: [], buildArgs: {}, labels: {}, contexts: {}, noCache: false, pull: false };

describe('CLI-01 slipway build', () => {
  test.for<[string[], Partial<BuildOptions>]>([
    [[], {}],
    [['-t', 'a', '--tag=b:1'], { tags: ['a', 'b:1'] }],
    [['-f', 'other/Dockerfile'], { file: 'other/Dockerfile' }],
    [['--target', 'test'], { target: 'test' }],
    [['--target', 'test, app'], { target: ['test', 'app'] }],
    [['--require', 'test', '--require=lint,docs'], { require: ['test', 'lint', 'docs'] }],
    [
      ['-t', 'app', '-t', 'Debug=app:debug'],
      { tags: ['app'], outputs: [{ type: 'image', names: ['app:debug'], target: 'debug' }] },
    ],
    [['-t', 'debug=d'], { outputs: [{ type: 'image', names: ['d'], target: 'debug' }] }],
    [
      ['--target', 'app,debug', '-t', 'debug=d'],
      {
        target: ['app', 'debug'],
        outputs: [{ type: 'image', names: ['d'], target: 'debug' }],
      },
    ],
    [
      ['-t', 'a', '-t', 'docs=b', '-o', 'type=local,dest=out', '-o', 'type=oci,dest=x.tar,target=docs'],
      {
        tags: ['a'],
        outputs: [
          { type: 'local', dest: 'out' },
          { type: 'oci', dest: 'x.tar', names: ['b'], tar: true, target: 'docs' },
        ],
      },
    ],
    [
      ['--push', '-t', 'a', '-t', 'b=c'],
      {
        tags: ['a'],
        outputs: [
          { type: 'image', names: ['c'], push: true, target: 'b' },
          { type: 'image', names: ['a'], push: true },
        ],
      },
    ],
    [['--build-arg', 'A=1', '--build-arg=A=2', '--build-arg', 'B='], { buildArgs: { A: '2', B: '' } }],
    [['--label', 'a=b=c', '--label', 'd'], { labels: { a: 'b=c', d: '' } }],
    [
      ['--build-context', 'x=../x', '--build-context=y=docker-image://alpine'],
      { contexts: { x: '../x', y: 'docker-image://alpine' } },
    ],
    [['--platform', 'linux/arm64'], { platform: 'linux/arm64' }],
    [['--platform', 'local'], {}],
    [['--no-cache', '--pull'], { noCache: true, pull: true }],
    [['--offline'], { engine: { offline: true } }],
    [['--network', 'none'], { network: 'none' }],
    [['--jobs', '3'], { jobs: 3 }],
    [['--context-modes=git'], { contextModes: 'git' }],
    [['--context-modes', 'disk'], { contextModes: 'disk' }],
    [['-o', 'out'], { outputs: [{ type: 'local', dest: 'out' }] }],
    [
      ['-o', 'type=oci,dest=x.tar', '-t', 'a', '--push'],
      {
        tags: ['a'],
        outputs: [
          { type: 'oci', dest: 'x.tar', names: ['a'], tar: true },
          { type: 'image', names: ['a'], push: true },
        ],
      },
    ],
    [['-o', 'type=image', '-t', 'a', '--push'], { tags: ['a'], outputs: [{ type: 'image', names: ['a'], push: true }] }],
    [['--load', '-t', 'a'], { tags: ['a'], outputs: [{ type: 'image', names: ['a'] }] }],
    [
      ['--root', '/r', '--runtime=crun', '--registry-mirror=a=http://b', '--insecure-registry', 'c'],
      { engine: { root: '/r', runtime: 'crun', registryMirrors: ['a=http://b'], insecureRegistries: ['c'] } },
    ],
    [['--provenance=false', '--sbom=false', '--call=build', '--check=false', '--shm-size=0', '--memory=0'], {}],
    [['--allow=network.host', '--allow', 'buildx.local.delete'], { allow: ['network.host'] }],
    [['-m', '1g', '--resource', 'cpu-quota=5000'], { limits: { memoryBytes: 2 ** 30, cpuQuotaUs: 5000 } }],
    [['--cgroup-parent', '/ci'], { cgroupParent: '/ci' }],
    [['--rm', '--force-rm=false'], {}],
  ])('%j asks the library', async ([argv, want]) => {
    expect(await asked(argv)).toEqual({ ...plain, ...want });
  });

  test.for(
    `--attest type=sbom, --builder x, --cache-from x, --cache-to x, --policy x, --provenance mode=max,
     --sbom true`.split(/,\s+/),
  )('refuses %s by name, for it is not there yet', async (words) => {
    const { code, world, asked: options } = await run([...words.split(' '), '.']);
    expect(world.stderr()).toContain(`error[CLI_NOT_SUPPORTED]: \`slipway build\` does not support \`${words}\` yet\n`);
    expect({ code, options }).toEqual({ code: 2, options: undefined });
  });

  test.for(['--compress', '--isolation x', '--security-opt x', '--squash'])('warns that %s has no effect', async (words) => {
    const { code, world } = await run([...words.split(' '), '.']);
    expect(world.stderr()).toMatch(new RegExp(`^WARNING: .*${words === '--squash' ? 'flag squash' : words.split(' ')[0]}`));
    expect(code).toBe(0);
  });

  test.for<[string[], string]>([
    [['.', '--network', 'bridge'], 'network mode "bridge" not supported by buildkit'],
    [
      ['.', '--platform', 'linux/amd64,linux/arm64'],
      'several platforms in one build (`linux/amd64,linux/arm64`) are not supported yet',
    ],
    [['.', '--build-context', 'x'], 'invalid context value: x, expected key=value'],
    [['.', '--push'], 'tag is needed when pushing to registry'],
    [['.', '--jobs', '0'], '`0` is not a number of jobs'],
    [['.', '--context-modes', 'umask'], '`umask` is no source of modes for `--context-modes`'],
    [['.', '-q', '--progress', 'plain'], 'progress=plain and quiet cannot be used together'],
    [['.', '--progress', 'fancy'], 'invalid progress mode fancy'],
    [['.', '--progress', 'tty'], 'failed to get console: standard error is not a terminal'],
    [['.', '-o', 'file'], 'destination directory file is a file'],
    [['.', '-o', 'type=tar,dest=directory'], 'destination file directory is a directory'],
    [['.', '-o', '-', '-o', 'type=oci,dest=-'], 'multiple outputs configured to write to stdout'],
    [['.', '-o', 'out', '--iidfile', 'id'], 'local and tar exporters are incompatible with image ID file'],
    [['.', '--iidfile', 'no/id'], `\`--iidfile no/id\`: there is no directory ${folder}/no`],
    [['.', '--build-arg', '=x'], 'the value `=x` of `--build-arg` has no name before `=`'],
    [['nowhere'], 'unable to prepare context: path "nowhere" not found'],
    [[''], 'please specify build context (e.g. "." for the current directory)'],
    [['-', '-f', '-'], "invalid argument: can't use stdin for both build context and dockerfile"],
  ])('%j fails before any work', async ([argv, message]) => {
    const { code, world, asked: options } = await run(argv);
    expect(world.stderr()).toMatch(/^error\[CLI_[A-Z_]+\]: /);
    expect(world.stderr()).toContain(`]: ${message}\n`);
    expect({ code, options, stdout: world.stdout() }).toEqual({ code: 2, options: undefined, stdout: '' });
  });

  test('refuses to write a tar to a terminal', async () => {
    const { world } = await run(['-o', '-', '.'], { stdoutIsTerminal: true });
    expect(world.stderr()).toContain('dest file is required for tar exporter. refusing to write to console');
  });
});

test.for([[], ['.', 'x']])('CLI-17 slipway build %j asks for one argument', async (argv) => {
  const { code, world } = await run(argv);
  expect(world.stderr()).toBe(
    'error[CLI_ARGUMENTS]: "slipway build" requires 1 argument.\n' +
      '  hint: usage: slipway build [OPTIONS] PATH | URL | -; `slipway build --help` shows examples\n',
  );
  expect(code).toBe(2);
});

test('CLI-02 --build-arg NAME takes the value from the environment, and is dropped where it has none', async () => {
  const argv = ['--build-arg', 'A', '--build-arg', 'B', '--build-arg', 'C'];
  expect(await asked(argv, { A: 'from here', C: '' })).toMatchObject({ buildArgs: { A: 'from here', C: '' } });
});

test('CLI-03 proxies come from the configuration of Docker, the platform from DOCKER_DEFAULT_PLATFORM', async () => {
  const config = join(folder, 'docker');
  mkdirSync(config);
  writeFileSync(
    join(config, 'config.json'),
    JSON.stringify({ proxies: { default: { httpProxy: 'http://p', noProxy: 'n', other: 'x' } } }),
  );
  const env = {
    DOCKER_CONFIG: config,
    DOCKER_DEFAULT_PLATFORM: 'linux/arm64',
    HTTP_PROXY: 'http://not-this',
    SOURCE_DATE_EPOCH: '7',
  };
  expect(await asked(['--build-arg', 'NO_PROXY=mine'], env)).toEqual({
    ...plain,
    buildArgs: { HTTP_PROXY: 'http://p', NO_PROXY: 'mine', SOURCE_DATE_EPOCH: '7' },
    platform: 'linux/arm64',
  });
  expect(await asked(['--platform', 'linux/386', '--build-arg', 'SOURCE_DATE_EPOCH=8'], env)).toMatchObject({
    platform: 'linux/386',
    buildArgs: { SOURCE_DATE_EPOCH: '8' },
  });
});

describe('CLI-09 slipway build -q', () => {
  test('prints the image id on standard output and nothing else', async () => {
    const { world, code } = await run(['-q', '-t', 'a', '.']);
    expect({ code, stdout: world.stdout(), stderr: world.stderr() }).toEqual({
      code: 0,
      stdout: `${fakeResult.imageId}\n`,
      stderr: '',
    });
  });

  test('prints nothing where no image is made', async () => {
    const { imageId: _, manifestDigest: __, ...result } = fakeResult;
    const { world } = await run(['-q', '-o', 'out', '.'], { library: { build: () => Promise.resolve(result) } });
    expect(world.stdout() + world.stderr()).toBe('');
  });

  test('keeps the id away from an archive on standard output', async () => {
    const { world, asked: options } = await run(['-q', '-o', 'type=oci,dest=-', '.']);
    expect(world.stdout()).toBe('');
    expect(options?.stdout).toBeDefined();
  });
});

test('CLI-10 auto progress is plain without a terminal, tty on one, plain on a dumb one', async () => {
  const build: Library['build'] = (options) => {
    options.onEvent?.({ kind: 'step-started', step: 'internal:x', name: 'x', atMs: 0 });
    options.onEvent?.({ kind: 'step-done', step: 'internal:x', atMs: 0 });
    return Promise.resolve(fakeResult);
  };
  const stderr = async (options: FakeOptions): Promise<string> =>
    (await run(['.'], { library: { build }, ...options })).world.stderr();
  const summary = `\nbuilt ${fakeResult.imageId}, 12.34MB, in 3.4s: 9 steps, 7 cached\n`;
  const escape = '\u001b';
  const plainText = `#1 x\n#1 DONE 0.0s\n${summary}`;
  expect(await stderr({})).toBe(plainText);
  expect(await stderr({ stderrIsTerminal: true, env: { TERM: 'dumb' } })).toBe(plainText);
  expect(await stderr({ stderrIsTerminal: true })).toMatch(
    new RegExp(`^${escape}\\[34m => x +0\\.0s${escape}\\[0m\n\\[\\+\\] Building 0\\.0s \\(1/1\\) FINISHED\n`),
  );
  expect(await stderr({ stderrIsTerminal: true, env: { NO_COLOR: '1' } })).toMatch(/^ => x +0\.0s\n\[\+\]/);
  expect(await stderr({ env: { BUILDKIT_PROGRESS: 'quiet' } })).toBe('');
  const raw = (await stderr({ env: { BUILDKIT_PROGRESS: 'rawjson' } })).trimEnd().split('\n');
  expect(raw.map((line) => Object.keys(JSON.parse(line) as object))).toEqual([['vertexes'], ['vertexes']]);
});

describe('slipway build writes', () => {
  test('--iidfile: the image id without a line break, in place of a stale file', async () => {
    const path = join(folder, 'id');
    writeFileSync(path, 'stale');
    const failing = await run(['--iidfile', 'id', '.'], {
      library: { build: () => Promise.reject(new SlipwayError('REG_X', 'x', { class: 'registry' })) },
    });
    expect({ code: failing.code, exists: existsSync(path) }).toEqual({ code: 3, exists: false });
    await run(['--iidfile', 'id', '.']);
    expect(readFileSync(path, 'utf8')).toBe(fakeResult.imageId);
  });

  test('--metadata-file: digests, names and the whole result, as a file that all may read', async () => {
    await run(['--metadata-file', 'meta.json', '-t', 'a', '-t', 'b', '.']);
    const path = join(folder, 'meta.json');
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^\{\n {2}"buildx\.build\.ref": "default\/default\/b1",\n[^]*\}$/);
    expect(JSON.parse(text)).toEqual({
      'buildx.build.ref': 'default/default/b1',
      'containerimage.config.digest': fakeResult.imageId,
      'containerimage.digest': fakeResult.manifestDigest,
      'image.name': 'a,b',
      'slipway.result': { ...fakeResult, names: ['a', 'b'] },
    });
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('--metadata-file with BUILDX_METADATA_WARNINGS: the warnings, as docker build writes them', async () => {
    const build: Library['build'] = (options) => {
      const at = { file: 'Dockerfile', start: { line: 3, column: 1 }, end: { line: 3, column: 9 } };
      options.onEvent?.({ kind: 'warning', code: 'StageNameCasing', message: 'no', at, atMs: 0 });
      return Promise.resolve(fakeResult);
    };
    const keys = async (value: string): Promise<Record<string, unknown>> => {
      await run(['--metadata-file', 'meta.json', '.'], { library: { build }, env: { BUILDX_METADATA_WARNINGS: value } });
      return JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as Record<string, unknown>;
    };
    expect((await keys('1'))['buildx.build.warnings']).toMatchObject([
      {
        level: 1,
        short: Buffer.from('StageNameCasing: no (line 3)').toString('base64'),
        range: [{ start: { line: 3 }, end: { line: 3 } }],
      },
    ]);
    expect(Object.keys(await keys('0'))).not.toContain('buildx.build.warnings');
  });
});

describe('slipway build reads standard input', () => {
  test('-f -: the Dockerfile', async () => {
    expect((await run(['-f', '-', '.'], { stdin: 'FROM scratch\n' })).asked).toMatchObject({
      dockerfile: 'FROM scratch\n',
      context: '.',
    });
  });

  test('-: the Dockerfile, with an empty directory as the context, gone afterwards', async () => {
    let seen: string | undefined;
    const build: Library['build'] = (options) => {
      seen = options.context;
      expect(readdirSync(options.context ?? '')).toEqual([]);
      expect(options.dockerfile).toBe('FROM scratch\n');
      return Promise.resolve(fakeResult);
    };
    expect((await run(['-'], { stdin: 'FROM scratch\n', library: { build } })).code).toBe(0);
    expect(existsSync(seen ?? '')).toBe(false);
  });

  test('-: hands an archive over whole, compressed or not', async () => {
    const tar = Buffer.alloc(1024);
    tar.write('name', 0);
    tar.fill(' ', 148, 156);
    tar.write(
      `${tar
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const compressed = ['1f8b08', '425a68', 'fd377a585a00', '28b52ffd'].map((magic) => Buffer.from(`${magic}00`, 'hex'));
    for (const stdin of [tar, ...compressed]) {
      let seen: Buffer | undefined;
      const build: Library['build'] = async ({ contextTar, dockerfile }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of contextTar ?? []) chunks.push(chunk);
        seen = Buffer.concat(chunks);
        expect(dockerfile).toBeUndefined();
        return fakeResult;
      };
      expect((await run(['-'], { stdin, library: { build } })).code).toBe(0);
      expect(seen?.equals(stdin)).toBe(true);
    }
  });

  test.for([
    'https://github.com/a/b.git#main:sub',
    'git@github.com:a/b.git',
    'ssh://git@host/a',
    'github.com/a/b',
    'https://x.test/Dockerfile',
  ])('%s is left to the library', async (context) => {
    expect((await run([context])).asked).toMatchObject({ context });
  });

  test('refuses an empty one', async () => {
    expect((await run(['-'], { stdin: '' })).world.stderr()).toContain('error[CLI_BAD_CONTEXT]: standard input is empty');
  });
});

describe('CLI-13 slipway build ends with', () => {
  const failing = (error: unknown): FakeOptions => ({ library: { build: () => Promise.reject(error) } });

  test.for<[string, unknown, number]>([
    ['1 for a failed step', new StepError({ command: 'make', exitCode: 2, outOfMemory: false, logTail: '' }), 1],
    ['2 for wrong input', new SlipwayError('DF_X', 'x'), 2],
    ['3 for a registry', new SlipwayError('REG_X', 'x', { class: 'registry' }), 3],
    ['4 for a missing right', new SlipwayError('SANDBOX_X', 'x', { class: 'permission' }), 4],
    ['5 for a full disk', Object.assign(new Error('write'), { code: 'ENOSPC' }), 5],
    ['100 for a fault of ours', new TypeError('x is undefined'), 100],
    ['130 when it was cancelled', cancelled(), 130],
  ])('%s', async ([, error, code]) => expect((await run(['.'], failing(error))).code).toBe(code));

  test('130 after Ctrl-C, once the library has cleaned up', async () => {
    let cleanedUp = false;
    const world: FakeWorld = createFakeWorld({
      cwd: folder,
      library: {
        build: ({ signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              setImmediate(() => {
                cleanedUp = true;
                reject(signal.reason as Error);
              });
            });
            world.send('SIGINT');
            world.send('SIGTERM');
          }),
      },
    });
    const code = await runCli(['build', '.'], world);
    expect({ code, cleanedUp, died: world.diedWith(), listeners: world.listeners() }).toEqual({
      code: 130,
      cleanedUp: true,
      died: undefined,
      listeners: 0,
    });
    expect(world.stderr()).toBe(
      '#0 cancelling: waiting for clean-up; two more signals end it at once\nerror[BUILD_CANCELLED]: the build was cancelled\n',
    );
  });

  test('130 at once at the third Ctrl-C, with the cursor shown', async () => {
    const world: FakeWorld = createFakeWorld({
      cwd: folder,
      stderrIsTerminal: true,
      library: {
        build: () => {
          for (let i = 0; i < 3; i++) world.send('SIGINT');
          return Promise.resolve(fakeResult);
        },
      },
    });
    await runCli(['build', '.'], world);
    expect(world.diedWith()).toBe(130);
    expect(world.stderr()).toContain('\u001b[?25h');
  });
});

test('--progress json prints one event per line, then the result or the error', async () => {
  const error = new StepError({ command: 'make', exitCode: 2, outOfMemory: false, logTail: 'no\n' });
  const build: Library['build'] = ({ onEvent }) => {
    onEvent?.({ kind: 'step-log', step: 'internal:x', stream: 1, data: Buffer.from('hi'), atMs: 1 });
    onEvent?.({ kind: 'step-failed', step: 'internal:x', error, atMs: 2 });
    return Promise.reject(error);
  };
  const { world } = await run(['--progress', 'json', '.'], { library: { build } });
  const [log, failed, end, ...rest] = world
    .stderr()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(log).toEqual({ kind: 'step-log', step: 'internal:x', stream: 1, data: 'aGk=', atMs: 1 });
  const shown = { code: 'STEP_FAILED', class: 'step', exitCode: 2, logTail: 'no\n', outOfMemory: false };
  expect(failed).toMatchObject({ kind: 'step-failed', error: shown });
  expect(end).toMatchObject({ kind: 'build-failed', error: shown });
  expect(rest).toEqual([]);
  const ok = await run(['--progress', 'json', '.']);
  expect(JSON.parse(ok.world.stderr())).toEqual({ kind: 'build-done', result: fakeResult });
});
