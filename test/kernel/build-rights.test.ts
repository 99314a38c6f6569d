import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Builder, type Wanted } from './support/builder.ts';
import { needs } from './support/needs.ts';
import { leftCgroups, mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');
let builder: Builder;
beforeAll(async () => {
  builder = await Builder.open();
});
afterAll(() => builder[Symbol.dispose]());
afterEach(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  expect(leftCgroups()).toEqual([]);
});

/** A directory with these specifications of devices. */
function deviceFiles(files: Readonly<Record<string, string>>): string {
  const directory = join(builder.scratch, `cdi-${Object.keys(files).join('-')}`);
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

test.for<[string, string, Wanted, object]>([
  [
    'DF-RUN-25 the network of the machine',
    'RUN --network=host true',
    {},
    { code: 'FE_NOT_ALLOWED', message: 'network.host is not allowed' },
  ],
  [
    'DF-RUN-26 every capability',
    'RUN --security=insecure true',
    { allow: ['network.host'] },
    { code: 'FE_NOT_ALLOWED', message: 'security.insecure is not allowed' },
  ],
  [
    'an unknown right',
    'RUN true',
    { allow: ['network.hots'] },
    { code: 'BUILD_BAD_OPTION', message: 'unknown entitlement network.hots' },
  ],
  [
    'an unknown setting of a device',
    'RUN true',
    { allow: ['device=a.com/b=c,as=d'] },
    { code: 'BUILD_BAD_OPTION', message: 'unknown device config key "as"' },
  ],
])('%s is refused before anything runs', async ([, instruction, options, refusal]) => {
  const { error, ran } = await builder.fail(`FROM scratch\nCOPY <<E /x\nE\n${instruction}`, options);
  expect(error).toMatchObject(refusal);
  expect(ran).toEqual([]);
});

kernel.test('DF-RUN-25 the network is the machine’s where that is granted, and one of its own with none', async () => {
  const look = 'readlink /proc/self/ns/net';
  const text = `FROM base-image\nRUN --network=host ${look} > /host\nRUN --network=none ${look} > /none; ls /sys/class/net > /names`;
  const machine = `${readlinkSync('/proc/self/ns/net')}\n`;
  const allowed = await builder.build(text, { allow: ['network.host'] });
  expect(allowed.text('host')).toBe(machine);
  expect(allowed.text('none')).not.toBe(machine);
  expect(allowed.text('names')).toMatch(/^lo$/m);
  const byMode = await builder.build(text, { network: 'host' });
  expect(byMode.text('host')).toBe(machine);
});

kernel.test('DF-RUN-26 a granted RUN has every capability, no filter, no masks and can mount', async () => {
  const { text } = await builder.build(
    `FROM base-image
RUN --security=insecure grep -E "^(CapEff|CapAmb|Seccomp):" /proc/self/status > /rights && mount -t tmpfs none /mnt && echo yes > /mounted
RUN --security=sandbox mount -t tmpfs none /mnt 2>/dev/null || echo no > /refused`,
    { allow: ['security.insecure'] },
  );
  const bounding = /^CapBnd:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  expect(text('rights')).toBe(`CapEff:\t${bounding}\nCapAmb:\t${bounding}\nSeccomp:\t0\n`);
  expect([text('mounted'), text('refused')]).toEqual(['yes\n', 'no\n']);
});

const yaml = `cdiVersion: "0.6.0"
kind: vendor.example/tool
containerEdits:
  env: [COMMON=1]
devices:
- name: one
  containerEdits:
    env: [FOO=injected]
    deviceNodes:
    - {path: /dev/blank, hostPath: /dev/zero, permissions: r}
- name: two
  annotations: {org.mobyproject.buildkit.device.class: second}
  containerEdits: {env: [FOO=other]}
`;

kernel.test('DF-RUN-26 a device brings its variables and its node, and its name can be another', async () => {
  const directory = deviceFiles({ 'tool.yaml': yaml });
  const show =
    'echo "$COMMON $FOO" > /env; head -c 3 /dev/blank | od -An -tx1 > /bytes; stat -c "%a %F %u" /dev/blank > /node; true';
  const engine = { ...builder.engine, deviceDirectories: [directory] };
  const built = async (device: string, allow: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const { text } = await builder.build(`FROM base-image\nENV FOO=mine\nRUN --device=${device} ${show}`, { allow, engine });
    return ['env', 'bytes', 'node'].map((name) => text(name)?.trim());
  };
  const one = ['1 injected', '00 00 00', '666 character special file 0'];
  expect(await built('vendor.example/tool=one', ['device'])).toEqual(one);
  expect(await built('vendor.example/tool', ['device=vendor.example/tool=one'])).toEqual(one);
  expect(await built('mine', ['device=vendor.example/tool=one,alias=mine'])).toEqual(one);
  expect(await built('vendor.example/tool=second', ['device'])).toEqual(['1 other', '', '']);
  expect(await built('vendor.example/none=x', [])).toEqual(['mine', '', '']);
});

kernel.test('DF-RUN-26 a device that is not granted, or required and not there, is refused with its line', async () => {
  const directory = deviceFiles({
    'other.yml': yaml.replaceAll('tool', 'other'),
    'broken.json': '{"cdiVersion": "0.6.0", "kind": "vendor.example/broken", "gadgets": 1}',
    'twice.json': '{"cdiVersion":"0.6.0","kind":"vendor.example/x","devices":[{"name":"a"},{"name":"a"}]}',
  });
  const engine = { ...builder.engine, deviceDirectories: [directory, '/nowhere'] };
  const refused = async (device: string, allow: readonly string[] = ['device']): Promise<object> => {
    const { error, ran } = await builder.fail(`FROM base-image\nRUN --device=${device} true`, { allow, engine });
    expect(ran).toEqual([]);
    return { code: error.code, message: error.message, line: error.at?.start.line, hint: error.hint };
  };
  expect(await refused('vendor.example/other=*', ['device=vendor.example/other=two'])).toEqual({
    code: 'BUILD_DEVICE_NOT_ALLOWED',
    message: 'device vendor.example/other=one is requested by the build but not allowed',
    line: 2,
    hint: 'pass `--allow device=vendor.example/other=one`, or `--allow device` for every device',
  });
  expect(await refused('vendor.example/other=three,required')).toMatchObject({
    code: 'SANDBOX_NO_DEVICE',
    message: 'required device "vendor.example/other=three" is not registered',
    hint: 'this machine has vendor.example/other=one, vendor.example/other=two',
  });
  expect(await refused('vendor.example/broken=a,required')).toMatchObject({
    hint: expect.stringContaining('broken.json: the specification: gadgets is not supported'),
  });
  expect(await refused('vendor.example/x=a,required')).toMatchObject({ code: 'SANDBOX_NO_DEVICE' });
  expect(await refused('gpu')).toMatchObject({ code: 'SANDBOX_BAD_DEVICE', message: 'invalid device "gpu"' });
});

const limited = needs('root', 'overlayfs', 'cgroups');
limited.test('CLI-05 a step that goes over its memory limit ends with 137 and a hint', async () => {
  const text = 'FROM base-image\nRUN x=$(head -c 300000000 /dev/zero | tr "\\000" x); echo $x';
  const { error } = await builder.fail(text, { limits: { memoryBytes: 64 << 20, memorySwapBytes: 64 << 20 } });
  expect(error).toMatchObject({ code: 'STEP_FAILED', exitCode: 137, outOfMemory: true, at: { start: { line: 2 } } });
  expect(error.hint).toBe('the kernel ended a process: raise the memory limit of 67.11MB, or let the step do less at once');
});

limited.test('CLI-05 limits of a step are in its cgroup, and no part of its key', async () => {
  const text = `FROM base-image
RUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null > /memory; \
  cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null > /cpu; true`;
  const first = await builder.build(text, { limits: { memoryBytes: 64 << 20, cpuQuotaUs: 50_000, cpuPeriodUs: 100_000 } });
  expect(first.text('memory')).toBe(`${64 << 20}\n`);
  expect(first.text('cpu')).toMatch(/^50000( 100000)?\n$/);
  expect((await builder.build(text)).ran).toEqual([]);
});

const anywhere = needs('root', 'overlayfs', 'unshare');
anywhere.test('CLI-05 a limit is refused where it cannot be set', async () => {
  const engine = { ...builder.engine, runtime: 'unshare' };
  const { error } = await builder.fail('FROM base-image\nRUN true', { limits: { memoryBytes: 1 << 30 }, engine });
  expect(error).toMatchObject({ code: 'SANDBOX_NO_LIMITS', class: 'resource' });
  expect((await builder.fail('FROM base-image\nRUN true', { cgroupParent: '/x', engine })).error.code).toBe('SANDBOX_NO_LIMITS');
});
