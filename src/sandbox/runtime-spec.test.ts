import { describe, expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import { allCapabilities, defaultCapabilities } from './capabilities.ts';
import type { SandboxProcess } from './ports.ts';
import { runtimeSpec, type SpecHost } from './runtime-spec.ts';

const host: SpecHost = {
  arch: 'x64',
  capabilities: allCapabilities,
  hasUnifiedCgroups: false,
  canMakeCgroups: true,
  devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o666 }],
  hasTerminal: true,
};

const run: SandboxProcess = {
  root: hostPath('/root/fs'),
  args: ['/bin/sh', '-c', 'true'],
  env: ['A=b'],
  cwd: '/src',
  uid: 1,
  gid: 2,
  additionalGids: [2, 3],
  hostname: 'buildkitsandbox',
  network: 'host',
  insecure: false,
  mounts: [],
  ulimits: [],
};

const spec = (more: Partial<SandboxProcess> = {}, machine: Partial<SpecHost> = {}): ReturnType<typeof runtimeSpec> =>
  runtimeSpec({ ...run, ...more }, { ...host, ...machine }, 'id');

describe('runtimeSpec()', () => {
  test('DF-RUN-03 hands on arguments, directory, user and environment, with a PATH', () => {
    expect(spec().process).toMatchObject({
      args: run.args,
      cwd: '/src',
      user: { uid: 1, gid: 2, additionalGids: [2, 3] },
      env: ['A=b', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      terminal: false,
      noNewPrivileges: false,
    });
    expect(spec({ env: ['PATH=/x'] }).process.env).toEqual(['PATH=/x']);
  });

  test('DF-RUN-29 gives the default capabilities that this machine has, never inheritable ones', () => {
    expect(spec().process.capabilities).toEqual({
      bounding: defaultCapabilities,
      permitted: defaultCapabilities,
      effective: defaultCapabilities,
    });
    expect(spec({}, { capabilities: ['CAP_KILL', 'CAP_SYS_ADMIN'] }).process.capabilities['effective']).toEqual(['CAP_KILL']);
  });

  test('mounts the system first, in order, and never on /run', () => {
    const mounts = spec({ mounts: [{ destination: '/cache', type: 'bind', source: hostPath('/c'), options: ['rbind'] }] }).mounts;
    expect(mounts.map(({ destination }) => destination)).toEqual([
      '/proc',
      '/dev',
      '/dev/pts',
      '/dev/shm',
      '/dev/mqueue',
      '/sys',
      '/sys/fs/cgroup',
      '/cache',
    ]);
    expect(mounts.at(-1)).toEqual({ destination: '/cache', type: 'bind', source: '/c', options: ['rbind'] });
  });

  test.for([
    ['host network', {}, {}, ['pid', 'ipc', 'uts', 'mount']],
    ['no network', { network: 'none' }, {}, ['pid', 'ipc', 'uts', 'mount', 'network']],
    ['one cgroup tree', {}, { hasUnifiedCgroups: true }, ['pid', 'ipc', 'uts', 'mount', 'cgroup']],
  ] as const)('DF-RUN-25 has the namespaces of %s', ([, more, machine, types]) => {
    expect(spec(more, machine).linux.namespaces.map(({ type }) => type)).toEqual(types);
  });

  test('asks for a cgroup only below a parent', () => {
    expect(spec().linux.cgroupsPath).toBeUndefined();
    expect(spec({ cgroupParent: '/ci' }).linux.cgroupsPath).toBe('/ci/id');
    expect(spec({}, { canMakeCgroups: false }).mounts.map(({ destination }) => destination)).not.toContain('/sys/fs/cgroup');
  });

  test('sets limits of memory and processors, and no others than asked for', () => {
    expect(
      spec({ limits: { memoryBytes: 5, memorySwapBytes: undefined, cpuQuotaUs: 7, cpusetCpus: '0' } }).linux.resources,
    ).toEqual({
      devices: [{ allow: false, access: 'rwm' }],
      memory: { limit: 5 },
      cpu: { quota: 7, cpus: '0' },
    });
    expect(Object.keys(spec({ limits: {} }).linux.resources)).toEqual(['devices']);
  });

  test('makes device nodes for the user of the process, and allows what they permit', () => {
    const fuse = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o600, permissions: 'rw' } as const;
    const { devices, resources } = spec({ uid: 7, gid: 8, devices: [fuse, { ...fuse, path: '/dev/f', uid: 0 }] }).linux;
    const node = { path: '/dev/fuse', type: 'c', major: 10, minor: 229, fileMode: 0o600, uid: 7, gid: 8 };
    expect(devices).toEqual([node, { ...node, path: '/dev/f', uid: 0 }]);
    const rule = { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' };
    expect(resources.devices).toEqual([{ allow: false, access: 'rwm' }, rule, rule]);
  });

  test('insecure lifts every fence', () => {
    const { process, linux, mounts } = spec({ insecure: true });
    expect(process.capabilities).toMatchObject({ inheritable: allCapabilities, ambient: allCapabilities });
    expect(linux.seccomp).toBeUndefined();
    expect(linux.maskedPaths).toBeUndefined();
    expect(linux.readonlyPaths).toBeUndefined();
    expect(linux.resources.devices).toEqual([{ allow: true, access: 'rwm' }]);
    expect(linux.devices).toEqual(host.devices);
    expect(mounts.find(({ destination }) => destination === '/sys')?.options).toContain('rw');
  });

  test('DF-RUN-27 sets limits and the size of /dev/shm', () => {
    const made = spec({ ulimits: [{ name: 'nofile', soft: 1, hard: 2 }], shmSizeBytes: 1025 });
    expect(made.process.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }]);
    expect(made.mounts.find(({ destination }) => destination === '/dev/shm')?.options).toContain('size=2k');
  });

  test('takes the terminal only when there is one and it is asked for', () => {
    expect(spec({ interactive: true }).process.terminal).toBe(true);
    expect(spec({ interactive: true }, { hasTerminal: false }).process.terminal).toBe(false);
  });
});
