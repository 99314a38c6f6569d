import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { openShell, pruneStore, type ShellOptions, type ShellPlace } from '../../src/index.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';
import { Slipway, succeed } from './support/slipway.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());
afterEach(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  expect(readdirSync(join(builder.engine.root, 'ingest'))).toEqual([]);
});

interface Said {
  readonly exitCode: number;
  readonly text: string;
  readonly place: ShellPlace | undefined;
}

/** Run `command` in a shell in a step, and listen. */
async function ask(command: string, options: ShellOptions = {}): Promise<Said> {
  let text = '';
  let place: ShellPlace | undefined;
  const { exitCode } = await openShell({
    command,
    engine: builder.engine,
    onOutput: (_, data) => void (text += Buffer.from(data).toString()),
    onEnter: (told) => void (place = told),
    ...options,
  });
  return { exitCode, text, place };
}

const failing = `FROM base-image AS build
ENV COLOR=blue
WORKDIR /app
COPY x .
RUN echo before > found
RUN --mount=type=cache,target=/kept --mount=type=tmpfs,target=/scratch echo half > made && rm x && echo kept > /kept/k && false
FROM scratch
COPY --from=build /app/found /`;

kernel.test('slipway shell stands in what the failed step left, with its environment, directory and mounts', async () => {
  await builder.fail(failing, { files: { x: 'from the context' } });
  const { exitCode, text, place } = await ask('pwd; ls; cat made /kept/k; echo $COLOR; exit 7');
  expect(text).toBe('/app\nfound\nmade\nhalf\nkept\nblue\n');
  expect(exitCode).toBe(7);
  expect(place).toMatchObject({ at: 'after', hasFailed: true, shell: '/bin/sh', isBorrowed: false });
});

kernel.test(
  'slipway shell --before stands in what the failed step began with, and nothing that is done there stays',
  async () => {
    await builder.fail(failing, { files: { x: 'from the context' } });
    for (const _ of [1, 2]) {
      const { text } = await ask('ls; cat x; touch mine', { at: 'before' });
      expect(text).toBe('found\nx\nfrom the context');
    }
  },
);

kernel.test('slipway shell stands in any step: by number, stage, or beginning; of the latest build or of another', async () => {
  const context = builder.context({ x: 'from the context' });
  const { result } = await builder.build(failing.replace('false', 'true'), { context });
  await builder.build('FROM base-image\nRUN echo other > /other', { context });
  expect((await ask('cat /other')).text).toBe('other\n');
  expect((await ask('cat /other', { where: 'run echo', at: 'before' })).exitCode).not.toBe(0);
  expect((await ask('ls /app', { build: result.id, step: 'build 3' })).text).toBe('x\n');
  expect((await ask('ls', { build: result.id, step: 'RUN echo before' })).text).toBe('found\nx\n');
  expect((await ask('ls', { where: result.id, step: 'build 5/5' })).text).toBe('found\nmade\n');
  await expect(ask('ls', { where: 'biuld' })).rejects.toMatchObject({ code: 'BUILD_NO_STEP' });
});

kernel.test("slipway shell lends this machine's busybox to a tree without a shell", async () => {
  await builder.build('FROM base-image AS b\nRUN echo in > /f\nFROM scratch\nCOPY --from=b /f /only');
  const { text, place } = await ask('ls -A1 / | grep -v -e proc -e sys -e dev -e etc; cat /only');
  expect(text).toBe('.slipway\nonly\nin\n');
  expect(place).toMatchObject({ isBorrowed: true, hasFailed: false });
});

kernel.test('slipway shell shows secrets that are given again, and does without the others', async () => {
  const text = 'FROM base-image\nRUN --mount=type=secret,id=one,env=ONE --mount=type=secret,id=two,required=true false';
  await builder.fail(text, { secrets: { one: { value: '1' }, two: { value: '2' } } });
  expect((await ask('echo "$ONE"; test -e /run/secrets/two || echo none')).text).toBe('\nnone\n');
  const said = await ask('echo "$ONE"; cat /run/secrets/two', { secrets: { one: { value: 'uno' }, two: { value: 'dos' } } });
  expect(said.text).toBe('uno\ndos');
});

kernel.test('the trees of the last four failures are kept; prune takes them', async () => {
  for (const number of [1, 2, 3, 4, 5, 6]) await builder.fail(`FROM base-image\nRUN echo ${number} > /n; false`);
  const records = (): number => readdirSync(join(builder.engine.root, 'records/failed')).length;
  expect(records()).toBe(4);
  expect((await ask('cat /n')).text).toBe('6\n');
  expect((await ask('cat /n', { build: '^2' })).text).toBe('4\n');
  await expect(ask('cat /n', { build: '^4' })).rejects.toMatchObject({ code: 'BUILD_NO_TREE' });
  expect((await ask('ls /n 2>&1', { build: '^4', at: 'before' })).exitCode).not.toBe(0);
  await pruneStore({ engine: builder.engine, all: true });
  expect(records()).toBe(0);
  await expect(ask('cat /n')).rejects.toMatchObject({ code: 'BUILD_NO_TREE' });
});

const device = `cdiVersion: "0.6.0"
kind: vendor.example/tool
devices:
- name: one
  containerEdits:
    env: [FOO=injected]
    deviceNodes:
    - {path: /dev/blank, hostPath: /dev/zero, permissions: r}
`;

kernel.test('slipway shell brings back the devices of the step, also under another name', async () => {
  const directory = join(builder.scratch, 'cdi');
  mkdirSync(directory);
  writeFileSync(join(directory, 'tool.yaml'), device);
  const engine = { ...builder.engine, deviceDirectories: [directory] };
  const allow = ['device=vendor.example/tool=one,alias=mine'];
  await builder.fail('FROM base-image\nRUN --device=mine false', { allow, engine });
  const { text } = await ask('echo $FOO; head -c 3 /dev/blank | od -An -tx1', { engine });
  expect(text).toBe('injected\n 00 00 00\n');
});

kernel.test('a build that asks a URL with a password says why no shell stands in it', async () => {
  await builder.fail('FROM base-image\nADD http://me:pass@127.0.0.1:1/file /');
  await expect(ask('ls')).rejects.toMatchObject({
    code: 'BUILD_NO_TREE',
    message: expect.stringContaining('a URL with a password') as string,
  });
});

kernel.test('a build that failed before its first step has no tree', async () => {
  await builder.fail('FROM base-image\nRUM true');
  await expect(ask('ls')).rejects.toMatchObject({
    code: 'BUILD_NO_TREE',
    message: expect.stringContaining('first step') as string,
  });
});

kernel.test('--on-fail brings out directories and files of the failed step, and the build fails all the same', async () => {
  const slipway = new Slipway(builder.engine.root);
  const context = builder.context({
    Dockerfile:
      'FROM base-image\nWORKDIR /app\nRUN mkdir -p reports/deep && echo r > reports/deep/r && ln -s /etc/passwd reports/link && echo log > log; exit 3',
  });
  const out = join(builder.scratch, 'on-fail');
  mkdirSync(out);
  writeFileSync(join(out, 'log'), 'of the last time');
  const run = await slipway.call(
    [
      'build',
      '--on-fail',
      'export=reports',
      '--on-fail',
      'export=/app/log',
      '--on-fail',
      'export=log:sub/renamed',
      '--on-fail',
      'export=/none',
      context,
    ],
    { cwd: out },
  );
  expect(run.code, run.all).toBe(1);
  expect(run.stderr).toContain('exit code: 3');
  expect(run.stderr).toContain('"/none": not found');
  expect(readFileSync(join(out, 'reports/deep/r'), 'utf8')).toBe('r\n');
  expect(readFileSync(join(out, 'log'), 'utf8')).toBe('log\n');
  expect(readFileSync(join(out, 'sub/renamed'), 'utf8')).toBe('log\n');
  expect(await succeed('readlink', [join(out, 'reports/link')])).toBe('/etc/passwd\n');
});

kernel.test('--on-fail follows no link of the failed tree out of it', async () => {
  const out = join(builder.scratch, 'on-fail-hostile');
  mkdirSync(out);
  await builder.fail('FROM base-image\nRUN ln -s /../../../../etc /way && echo planted > /etc/planted; false', {
    onFail: [
      { path: '/way/planted', dest: join(out, 'planted') },
      { path: '/way/../etc/planted', dest: `${out}/again/` },
    ],
  });
  expect(readFileSync(join(out, 'planted'), 'utf8')).toBe('planted\n');
  expect(readFileSync(join(out, 'again/planted'), 'utf8')).toBe('planted\n');
});

kernel.test('slipway shell on the command line: standard input, exit code, and where it stands', async () => {
  const slipway = new Slipway(builder.engine.root);
  await builder.fail('FROM base-image\nRUN echo x > /made; false');
  const run = await slipway.call(['shell', '-c', 'cat /made; exit 9']);
  expect(run.code, run.all).toBe(9);
  expect(run.stdout).toBe('x\n');
  expect(run.stderr).toContain('RUN echo x > /made; false: as it was when it failed; /bin/sh; changes are thrown away');
  expect((await slipway.call(['shell', '--before', '--after'])).code).toBe(2);
});
