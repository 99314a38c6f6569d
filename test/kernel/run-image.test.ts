import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { build, runImage, type RunImageOptions } from '../../src/index.ts';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
const program = `FROM base-image
RUN mkdir -p /home/app /data && chown app /home/app && echo inside > /data/file
ENV A=image B=image
WORKDIR /home/app
USER app
ENTRYPOINT ["sh", "-c", "echo entry $*; id -un; pwd; echo $A $B; cat /data/*; exit \${CODE:-0}", "--"]
CMD ["one", "two three"]`;
beforeAll(async () => {
  builder = await Builder.open();
  const { engine } = builder;
  const context = builder.context();
  await build({ dockerfile: program, context, tags: ['program'], engine });
  await build({ dockerfile: 'FROM base-image\nCMD echo shell form "$HOME"', context, tags: ['shell-form'], engine });
  await build({ dockerfile: 'FROM base-image\nCMD []', context, tags: ['no-command'], engine });
});
afterAll(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  builder[Symbol.dispose]();
});

async function run(
  options: Omit<RunImageOptions, 'engine'>,
): Promise<{ readonly exitCode: number; readonly out: string; readonly err: string }> {
  const said = { 1: '', 2: '' };
  const onOutput = (stream: 1 | 2, data: Uint8Array): void => {
    said[stream] += Buffer.from(data).toString();
  };
  const { exitCode } = await runImage({ onOutput, ...options, engine: builder.engine });
  return { exitCode, out: said[1], err: said[2] };
}

interface Row {
  readonly name: string;
  readonly options: Omit<RunImageOptions, 'engine'>;
  readonly out: string;
  readonly exitCode?: number;
}

const rows: readonly Row[] = [
  {
    name: 'ENTRYPOINT with CMD',
    options: { image: 'program' },
    out: 'entry one two three\napp\n/home/app\nimage image\ninside\n',
  },
  {
    name: 'ENTRYPOINT with another command',
    options: { image: 'program', command: ['x', 'y'] },
    out: 'entry x y\napp\n/home/app\nimage image\ninside\n',
  },
  { name: 'another entrypoint, which takes no CMD', options: { image: 'program', entrypoint: ['echo'] }, out: '\n' },
  { name: 'another entrypoint with arguments', options: { image: 'program', entrypoint: ['echo'], command: ['x'] }, out: 'x\n' },
  { name: 'CMD in shell form', options: { image: 'shell-form' }, out: 'shell form /root\n' },
  { name: 'a command instead of CMD', options: { image: 'shell-form', command: ['echo', '$HOME'] }, out: '$HOME\n' },
  {
    name: 'variables, and the exit code of the process',
    options: { image: 'program', env: ['A=given', 'CODE=7', 'NEW=x=y'] },
    out: 'entry one two three\napp\n/home/app\ngiven image\ninside\n',
    exitCode: 7,
  },
  {
    name: 'another user, by name',
    options: { image: 'program', user: 'root', entrypoint: ['id'] },
    out: 'uid=0(root) gid=0(root) groups=0(root)\n',
  },
  {
    name: 'another user, by numbers',
    options: { image: 'program', user: '5:6', entrypoint: ['id'] },
    out: 'uid=5 gid=6 groups=6\n',
  },
  { name: 'another working directory', options: { image: 'program', workdir: '/tmp', entrypoint: ['pwd'] }, out: '/tmp\n' },
  {
    name: 'a working directory that is not there',
    options: { image: 'base-image', workdir: '/new/one', command: ['pwd'] },
    out: '/new/one\n',
  },
  { name: 'no network', options: { image: 'base-image', network: 'none', command: ['ls', '/sys/class/net'] }, out: 'lo\n' },
  {
    name: 'a process that a signal ends',
    options: { image: 'base-image', command: ['sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?'] },
    out: '',
    exitCode: 143,
  },
];

for (const { name, options, out, exitCode = 0 } of rows) {
  kernel.test(`runImage(): ${name}`, async () => {
    expect(await run(options)).toMatchObject({ out, exitCode });
  });
}

kernel.test('runImage(): a volume, writable or not', async () => {
  const here = join(builder.scratch, 'volume');
  mkdirSync(here);
  writeFileSync(join(here, 'file'), 'outside\n');
  const base = { image: 'program', user: 'root', entrypoint: ['sh'] };
  expect(
    (await run({ ...base, volumes: [`${here}:/data`], command: ['-c', 'cat /data/file; echo written > /data/new'] })).out,
  ).toBe('outside\n');
  expect(readFileSync(join(here, 'new'), 'utf8')).toBe('written\n');
  const refused = await run({ ...base, volumes: [`${here}:/data:ro`], command: ['-c', 'echo > /data/other'] });
  expect(refused.exitCode).not.toBe(0);
  expect((await run({ ...base, volumes: [`${here}/file:/etc/one/file:ro`], command: ['-c', 'cat /etc/one/file'] })).out).toBe(
    'outside\n',
  );
});

kernel.test('runImage(): what a container writes is gone with it', async () => {
  await run({ image: 'base-image', command: ['sh', '-c', 'echo x > /written; rm /etc/passwd'] });
  expect((await run({ image: 'base-image', command: ['sh', '-c', 'ls /written /etc/passwd 2>/dev/null'] })).out).toBe(
    '/etc/passwd\n',
  );
});

kernel.test('runImage(): an image without a command, and a program that is not there', async () => {
  await expect(run({ image: 'no-command' })).rejects.toMatchObject({ code: 'BUILD_NO_COMMAND' });
  await expect(run({ image: 'base-image', command: ['no-such'] })).rejects.toMatchObject({ code: 'SANDBOX_NO_PROGRAM' });
  await expect(run({ image: 'base-image', user: 'no-such' })).rejects.toMatchObject({ code: 'SANDBOX_UNKNOWN_USER' });
});

kernel.test('runImage(): an AbortSignal ends the process', async () => {
  const abort = new AbortController();
  const running = runImage({
    image: 'base-image',
    command: ['sh', '-c', 'echo started; mkfifo /f; cat /f'],
    signal: abort.signal,
    onOutput: () => abort.abort(),
    engine: builder.engine,
  });
  await expect(running).rejects.toMatchObject({ class: 'cancelled' });
});
