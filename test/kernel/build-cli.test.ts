import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { readTar } from '../support/read-tar.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { leftCgroups, mountsBelow, processesWith } from './support/rootfs.ts';
import { type CommandOptions, repository, Slipway, succeed } from './support/slipway.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
let slipway: Slipway;
beforeAll(async () => {
  builder = await Builder.open();
  slipway = new Slipway(builder.engine.root);
});
afterAll(() => builder[Symbol.dispose]());

interface Running {
  readonly pid: number;
  /** Resolves at the first line of standard error or output that holds `text`. */
  said(text: string): Promise<void>;
  /** To the whole process group, as a terminal does. */
  kill(signal: NodeJS.Signals): void;
  /** Without a word, and without its children. */
  killAlone(): void;
  readonly end: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly text: string }>;
}

function start(args: readonly string[]): Running {
  const child = spawn(join(repository, 'bin/slipway'), args, {
    detached: true,
    env: { ...process.env, SLIPWAY_ROOT: builder.engine.root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<{ readonly text: string; readonly resolve: () => void }>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const each of waiting) if (line.includes(each.text)) each.resolve();
    });
  }
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const end = ended.then(([code, signal]) => ({ code, signal, text: lines.join('\n') }));
  return {
    pid: child.pid ?? 0,
    async said(text) {
      const { promise, resolve } = deferred();
      waiting.add({ text, resolve });
      if (lines.some((line) => line.includes(text))) resolve();
      await Promise.race([promise, end.then((it) => Promise.reject(new Error(`it ended without saying ${text}:\n${it.text}`)))]);
    },
    kill: (signal) => void process.kill(-(child.pid ?? 0), signal),
    killAlone: () => void child.kill('SIGKILL'),
    end,
  };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A build whose RUN says `started` and then waits for nothing. */
function waitingBuild(mark: string): string {
  return builder.context({
    Dockerfile: `FROM base-image\nRUN echo before > /before\nRUN --mount=type=cache,id=${mark},target=/c mkfifo /c/${mark} 2>/dev/null; echo started; cat /c/${mark}`,
  });
}

function expectNothingLeft(mark: string, { pid }: Running): void {
  expect(processesWith(mark)).toEqual([]);
  expect(mountsBelow(builder.scratch)).toEqual([]);
  expect(readdirSync(join(builder.engine.root, 'ingest'))).toEqual([]);
  expect(leftCgroups(pid)).toEqual([]);
}

for (const [name, signal] of [
  ['CLI-13 Ctrl-C', 'SIGINT'],
  ['CLI-13 SIGTERM', 'SIGTERM'],
] as const) {
  kernel.test(`${name} in the middle of a RUN ends it with 130 and leaves nothing; the next build is fine`, async () => {
    const mark = `left-by-${signal.toLowerCase()}`;
    const running = start(['build', '--progress', 'plain', waitingBuild(mark)]);
    await running.said(' started');
    running.kill(signal);
    const { code, text } = await running.end;
    expect({ code, cancelled: /cancel/i.test(text) }).toEqual({ code: 130, cancelled: true });
    expectNothingLeft(mark, running);
    const next = await slipway.built([
      builder.context({ Dockerfile: `FROM base-image\nRUN echo before > /before\nRUN cat /before; echo ${signal}` }),
    ]);
    expect(next.cached.filter((step) => step.includes('RUN'))).toHaveLength(1);
  });
}

kernel.test('SEM-24 after kill -9 in the middle of a RUN the next build finds what was done, and cleans up', async () => {
  const mark = 'left-by-kill';
  const running = start(['build', '--progress', 'plain', waitingBuild(mark)]);
  await running.said(' started');
  running.kill('SIGKILL');
  await running.end;
  const next = await slipway.built([
    builder.context({ Dockerfile: 'FROM base-image\nRUN echo before > /before\nRUN cat /before; echo 24' }),
  ]);
  expect(next.cached.filter((step) => step.includes('RUN'))).toHaveLength(1);
  expectNothingLeft(mark, running);
});

kernel.test('a container that a killed build left running is ended by the next command, with its cgroup', async () => {
  const mark = 'left-alone';
  const running = start(['build', '--progress', 'plain', waitingBuild(mark)]);
  await running.said(' started');
  running.killAlone();
  await running.end;
  const du = ['--root', builder.engine.root, 'du'];
  await succeed(join(repository, 'bin/slipway'), du);
  // The runtime, which lived on, is tidying up as well.
  await vi.waitFor(() => expect([processesWith(mark), leftCgroups(running.pid)]).toEqual([[], []]), { timeout: 60_000 });
  await succeed(join(repository, 'bin/slipway'), du);
  expectNothingLeft(mark, running);
});

kernel.test('SEM-23 two processes that need one result make it once', async () => {
  const run = 'RUN --mount=type=cache,id=c23,target=/c echo x >> /c/count && usleep 200000 && cp /c/count /count';
  const context = builder.context({ Dockerfile: `FROM base-image\n${run}\nFROM scratch\nCOPY --from=0 /count /count` });
  const out = [1, 2].map((at) => join(builder.scratch, `once-${at}`));
  await Promise.all(out.map((dest) => slipway.built(['-o', dest, context])));
  expect(out.map((dest) => readFileSync(join(dest, 'count'), 'utf8'))).toEqual(['x\n', 'x\n']);
});

kernel.test('CLI-13 the exit code tells what failed', async () => {
  const codes = async (dockerfile: string, ...args: readonly string[]): Promise<number> =>
    (await slipway.build([...args, builder.context({ Dockerfile: dockerfile })])).code;
  expect(await codes('FROM base-image\nRUN true')).toBe(0);
  expect(await codes('FROM base-image\nRUN exit 9')).toBe(1);
  expect(await codes('FROM base-image\nRUM x')).toBe(2);
  expect(await codes('FROM base-image\nCOPY missing /')).toBe(2);
  expect(await codes('FROM base-image', '--target', 'missing')).toBe(2);
  expect(await codes('FROM 127.0.0.1:1/nobody/there')).toBe(3);
});

async function withStdin(
  input: string | Buffer,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<{ readonly code: number | null; readonly out: Buffer; readonly err: string }> {
  const child = spawn(join(repository, 'bin/slipway'), args, {
    ...options,
    env: { ...process.env, SLIPWAY_ROOT: builder.engine.root },
    stdio: 'pipe',
  });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, err: err.toString() };
}

kernel.test('CTX-10 CTX-11 the Dockerfile, or all there is, from standard input', async () => {
  const context = builder.context({ a: 'a\n' });
  const dest = join(builder.scratch, 'stdin');
  expect(await withStdin('FROM scratch\nCOPY a /b', ['build', '-f', '-', '-o', dest, context])).toMatchObject({ code: 0 });
  expect(readFileSync(join(dest, 'b'), 'utf8')).toBe('a\n');
  expect(
    await withStdin('FROM base-image\nRUN echo x > /x\nFROM scratch\nCOPY --from=0 /x /', ['build', '-o', `${dest}-2`, '-']),
  ).toMatchObject({ code: 0 });
  expect(readFileSync(join(`${dest}-2`, 'x'), 'utf8')).toBe('x\n');
  const failed = await withStdin('FROM base-image\nCOPY x /x', ['build', '-']);
  expect(failed).toMatchObject({ code: 2, err: expect.stringContaining('"/x": not found') as string });
});

kernel.test('CTX-13 CTX-18 contradictions about the context are refused', async () => {
  const told = async (...args: readonly string[]): Promise<string> => (await withStdin('FROM scratch', ['build', ...args])).err;
  expect(await told('-f', '-', '-')).toContain("can't use stdin for both build context and dockerfile");
  expect(await told('-f', 'x', '-')).toContain('standard input holds a Dockerfile');
  expect(await told('/no/such/directory')).toContain('unable to prepare context: path "/no/such/directory" not found');
  expect(await told(join(builder.scratch, 'rootfs.tar'))).toMatch(/rootfs.tar" is not a directory/);
});

kernel.test('CTX-10 a Dockerfile that is not there, under the names that were tried', async () => {
  const { code, stderr } = await slipway.call(['build', builder.context({ a: '' })]);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /failed to read dockerfile: open Dockerfile[^]*looked for `\S+\/Dockerfile` and `\S+\/dockerfile`/,
    ) as string,
  });
});

kernel.test('CTX-09 CTX-25 a Dockerfile outside of the context, and a context behind a symlink', async () => {
  const file = join(builder.scratch, 'outside.Dockerfile');
  writeFileSync(file, 'FROM scratch\nCOPY . /');
  const real = builder.context({ a: 'a' });
  const links = builder.context({ link: { link: real } });
  const dest = join(builder.scratch, 'outside');
  await slipway.built(['-f', file, '-o', dest, join(links, 'link')]);
  expect(readdirSync(dest)).toEqual(['a']);
});

kernel.test('DF-ARG-03 --build-arg without a value takes it from the environment, or leaves the default', async () => {
  const context = builder.context({
    Dockerfile:
      'FROM base-image\nARG GIVEN=default\nARG ABSENT=default\nARG EMPTY=default\nRUN echo "$GIVEN $ABSENT [$EMPTY]" > /out\nFROM scratch\nCOPY --from=0 /out /',
  });
  const dest = join(builder.scratch, 'args');
  await slipway.built(['--build-arg', 'GIVEN', '--build-arg', 'ABSENT', '--build-arg', 'EMPTY=', '-o', dest, context], {
    env: { GIVEN: 'from here' },
  });
  expect(readFileSync(join(dest, 'out'), 'utf8')).toBe('from here default []\n');
});

kernel.test('EXP-12 -o DIRECTORY and -o -', async () => {
  const context = builder.context({ Dockerfile: 'FROM scratch\nCOPY a /', a: 'a' });
  const dest = join(builder.scratch, 'shorthand/deep');
  await slipway.built(['-o', dest, context]);
  expect(readdirSync(dest)).toEqual(['a']);
  const { code, out } = await withStdin('', ['build', '--quiet', '-o', '-', context]);
  expect({ code, files: [...readTar(out)].map((entry) => entry.path) }).toEqual({ code: 0, files: ['a'] });
});

kernel.test('EXP-13 --iidfile and --quiet say the image ID', async () => {
  const context = builder.context({ Dockerfile: 'FROM base-image\nLABEL iid=file' });
  const file = join(builder.scratch, 'iid');
  const { stdout } = await slipway.call(['build', '-q', '--iidfile', file, context]);
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(readFileSync(file, 'utf8')).toBe(stdout.trim());
});

kernel.test('DF-RUN-27 --add-host, --shm-size and --ulimit reach RUN, and the hosts file reaches no layer', async () => {
  const context = builder.context({
    Dockerfile:
      "FROM base-image\nRUN grep -c '^1.2.3.4[[:space:]]*foo.example$' /etc/hosts > /out; grep -c '^::1[[:space:]]*bar.example$' /etc/hosts >> /out; ulimit -n >> /out; df -k /dev/shm | tail -1 | awk '{print $2}' >> /out\nFROM scratch\nCOPY --from=0 /out /etc /",
  });
  const dest = join(builder.scratch, 'hosts');
  await slipway.built([
    '--add-host',
    'foo.example:1.2.3.4',
    '--add-host',
    'bar.example=::1',
    '--ulimit',
    'nofile=500:500',
    '--shm-size',
    '32m',
    '-o',
    dest,
    context,
  ]);
  expect(readFileSync(join(dest, 'out'), 'utf8')).toBe('1\n1\n500\n32768\n');
  expect(existsSync(join(dest, 'hosts'))).toBe(false);
});

kernel.test('DF-COPY-21 a build of files alone keeps their modes', async () => {
  const context = builder.context({ Dockerfile: 'FROM scratch\nCOPY --chmod=0750 a /', a: 'a' });
  const dest = join(builder.scratch, 'modes');
  await slipway.built(['-o', dest, context]);
  expect(statSync(join(dest, 'a')).mode & 0o7777).toBe(0o750);
});
