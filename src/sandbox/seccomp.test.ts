import { describe, expect, test } from 'vitest';
import { allCapabilities, boundingSet, capabilityMask, defaultCapabilities } from './capabilities.ts';
import { seccompProfile } from './seccomp.ts';

const usual = new Set(defaultCapabilities);

function rulesFor(name: string, arch = 'x64', capabilities = usual): unknown[] {
  return seccompProfile(arch, capabilities)
    .syscalls.filter(({ names }) => names.includes(name))
    .map(({ action, errnoRet, args }) => ({
      action,
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args === undefined ? {} : { args }),
    }));
}

describe('seccompProfile()', () => {
  test('DF-RUN-31 refuses with EPERM what it does not name', () => {
    expect(seccompProfile('x64', usual)).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
    for (const name of [
      'mount',
      'umount2',
      'unshare',
      'setns',
      'bpf',
      'keyctl',
      'add_key',
      'kexec_load',
      'reboot',
      'init_module',
    ]) {
      expect(rulesFor(name), name).toEqual([]);
    }
  });

  test('has every name once among those always allowed', () => {
    const names = seccompProfile('x64', usual).syscalls[0]?.names ?? [];
    expect(names).toHaveLength(361 + 3);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^_?[a-z0-9_]+$/.test(name))).toBe(true);
  });

  test('DF-RUN-31 allows clone without namespaces and hides clone3', () => {
    expect(rulesFor('clone')).toEqual([
      { action: 'SCMP_ACT_ALLOW', args: [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000, valueTwo: 0 }] },
    ]);
    expect(rulesFor('clone', 's390x')).toMatchObject([{ args: [{ index: 1 }] }]);
    expect(rulesFor('clone3')).toEqual([{ action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
  });

  test('keeps AF_ALG and AF_VSOCK sockets away', () => {
    const args = rulesFor('socket').map((rule) => (rule as { args: { op: string; value: number }[] }).args[0]);
    expect(args).toMatchObject([
      { op: 'SCMP_CMP_LT', value: 38 },
      { op: 'SCMP_CMP_EQ', value: 39 },
      { op: 'SCMP_CMP_GT', value: 40 },
    ]);
  });

  test('follows the capabilities', () => {
    expect(rulesFor('chroot')).toHaveLength(1);
    expect(rulesFor('chroot', 'x64', new Set())).toEqual([]);
    const admin = new Set([...usual, 'CAP_SYS_ADMIN']);
    expect(rulesFor('mount', 'x64', admin)).toEqual([{ action: 'SCMP_ACT_ALLOW' }]);
    expect(rulesFor('clone', 'x64', admin)).toEqual([{ action: 'SCMP_ACT_ALLOW' }]);
    expect(rulesFor('clone3', 'x64', admin)).toEqual([{ action: 'SCMP_ACT_ALLOW' }]);
  });

  test.for([
    ['x64', ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'], 'arch_prctl', 'cacheflush'],
    ['arm64', ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'], 'cacheflush', 'arch_prctl'],
  ] as const)('knows %s', ([arch, architectures, allowed, refused]) => {
    expect(seccompProfile(arch, usual).architectures).toEqual(architectures);
    expect(rulesFor(allowed, arch)).toHaveLength(1);
    expect(rulesFor(refused, arch)).toEqual([]);
  });
});

describe('capabilities', () => {
  test('DF-RUN-29 capabilityMask() of the default set is the known one', () => {
    expect(capabilityMask(defaultCapabilities).toString(16)).toBe('a80425fb');
  });

  test('allCapabilities stand at their numbers', () => {
    expect(allCapabilities).toHaveLength(41);
    expect([0, 21, 31, 40].map((number) => allCapabilities[number])).toEqual([
      'CAP_CHOWN',
      'CAP_SYS_ADMIN',
      'CAP_SETFCAP',
      'CAP_CHECKPOINT_RESTORE',
    ]);
  });

  test('boundingSet() reads what may be handed on', () => {
    expect(boundingSet('CapEff:\t0000000000000003\nCapBnd:\t0000000000000005\n')).toEqual(['CAP_CHOWN', 'CAP_DAC_READ_SEARCH']);
    expect(boundingSet('')).toEqual([]);
  });
});
