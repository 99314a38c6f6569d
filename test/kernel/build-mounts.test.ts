import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { Builder } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());
afterEach(() => expect(mountsBelow(builder.scratch)).toEqual([]));

/** For builds that would wait for each other for ever. */
const patience = (): AbortSignal => AbortSignal.timeout(60_000);
const cache = (id: string, target: string, sharing: string): string =>
  `--mount=type=cache,id=${id},target=${target},sharing=${sharing}`;

kernel.test('DF-RUN-09 a cache that one step mounts twice is one directory, however it is shared', async () => {
  const twice = (sharing: string): string =>
    `RUN ${cache(sharing, '/x', sharing)} ${cache(sharing, '/y', sharing)} touch /x/f && ls /y > /${sharing}`;
  const built = await builder.build(
    `FROM base-image\n${['shared', 'private', 'locked'].map(twice).join('\n')}
RUN ${cache('mixed', '/x', 'locked')} ${cache('mixed', '/y', 'shared')} touch /x/f && ls /y > /mixed`,
    { signal: patience() },
  );
  expect(['shared', 'private', 'locked', 'mixed'].map((name) => built.text(name))).toEqual(['f\n', 'f\n', 'f\n', 'f\n']);
});

kernel.test('DF-RUN-10 steps that lock the same caches in different places do not wait for each other for ever', async () => {
  const stage = (name: string, first: string, second: string): string =>
    `FROM base-image AS ${name}\nRUN ${cache(first, '/x', 'locked')} ${cache(second, '/y', 'locked')} usleep 50000; echo ${name} > /done`;
  const stages = ['a', 'b', 'c', 'd'].map((name, at) => (at % 2 === 0 ? stage(name, 'l1', 'l2') : stage(name, 'l2', 'l1')));
  const copies = ['a', 'b', 'c', 'd'].map((name) => `COPY --from=${name} /done /${name}`);
  const built = await builder.build([...stages, 'FROM base-image', ...copies].join('\n'), { jobs: 4, signal: patience() });
  expect(built.text('d')).toBe('d\n');
});

kernel.test('DF-RUN-10 sharing=locked holds between builds, too', async () => {
  const text = (name: string): string =>
    `FROM base-image\nRUN ${cache('between', '/c', 'locked')} mkdir /c/inside && echo ${name} >> /c/log && usleep 50000 && rmdir /c/inside && cp /c/log /log`;
  const logs = await Promise.all(
    ['one', 'two'].map(async (name) => (await builder.build(text(name), { signal: patience() })).text('log')),
  );
  expect(logs.map((log) => log?.trim().split('\n').length).sort()).toEqual([1, 2]);
});

kernel.test('DF-RUN-28 nothing of the sandbox stays where a mount covers its files', async () => {
  const built = await builder.build(`FROM base-image
RUN --mount=type=tmpfs,target=/etc ls -A /etc > /covered
RUN --mount=type=cache,target=/etc,id=etc touch /etc/made`);
  expect(built.text('covered')).toBe('');
  expect([built.node('etc/hosts'), built.node('etc/resolv.conf'), built.node('etc/made')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

kernel.test('DF-RUN-23 a mount inside a read-only mount needs a place there', async () => {
  const files = { 'd/in/x': '' };
  const inside = (options: string, target: string): string =>
    `FROM base-image\nRUN --mount=target=/m,source=d${options} --mount=type=tmpfs,target=${target} ls /m > /names`;
  expect((await builder.build(inside('', '/m/in'), { files })).text('names')).toBe('in\n');
  expect((await builder.build(inside(',rw', '/m/new/deep'), { files })).text('names')).toBe('in\nnew\n');
  const linked = await builder.build(inside('', '/m/link'), { files: { ...files, 'd/link': { link: '../../usr' } } });
  expect(linked.text('names')).toBe('in\nlink\n');
  const { error } = await builder.fail(inside('', '/m/new'), { files });
  expect(error).toMatchObject({
    code: 'OPS_NO_MOUNT_POINT',
    message: 'cannot mount on `/m/new`: the mount at `/m` is read-only and has nothing there',
    at: { start: { line: 2 } },
  });
});
