import { expect, test } from 'vitest';
import { type CopyAction, type ExecOp, makeVertex, type Op } from '../graph/index.ts';
import { keyOf } from '../solver/index.ts';
import { opKey } from './op-key.ts';

const exec: ExecOp = {
  kind: 'exec',
  args: ['/bin/sh', '-c', 'make'],
  env: ['PATH=/bin', 'A=1'],
  cwd: '/src',
  user: '',
  hostname: '',
  network: 'default',
  insecure: false,
  mounts: [
    { type: 'bind', dest: '/', readonly: false, input: -1, selector: '', output: 0 },
    { type: 'cache', dest: '/cache', readonly: false, input: -1, selector: '', id: '/cache', sharing: 'shared' },
    { type: 'secret', dest: '/run/secrets/x', readonly: true, id: 'x', uid: 0, gid: 0, mode: 0o400, optional: true },
  ],
  secretEnv: [],
  extraHosts: [{ host: 'db', ip: '10.0.0.1' }],
  ulimits: [],
  cgroupParent: '',
  devices: [],
  proxyEnv: {},
};

const copy: CopyAction = {
  action: 'copy',
  input: -1,
  secondaryInput: -1,
  output: 0,
  src: '/a',
  dest: '/b',
  mode: -1,
  modeStr: '',
  followSymlink: true,
  dirCopyContents: true,
  unpackArchives: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
  includePatterns: [],
  excludePatterns: [],
  alwaysReplaceExistingDestPaths: false,
  requiredPaths: [],
  timestampNs: -1n,
};

const keyOfOp = (op: Op): string => keyOf('op', opKey(makeVertex(op, [])));

test.for([
  ['another command', { args: ['/bin/sh', '-c', 'make all'] }],
  ['the words of a command split elsewhere', { args: ['/bin/sh', '-c make'] }],
  ['an ENV added', { env: ['PATH=/bin', 'A=1', 'B='] }],
  ['an ENV changed', { env: ['PATH=/bin', 'A=2'] }],
  ['the order of ENV', { env: ['A=1', 'PATH=/bin'] }],
  ['the working directory', { cwd: '/' }],
  ['the user', { user: 'node' }],
  ['the network mode', { network: 'none' }],
  ['the security mode', { insecure: true }],
  ['a device', { devices: [{ name: 'vendor.com/class=a', optional: true }] }],
  ['a host name', { hostname: 'x' }],
  ['the name of an extra host', { extraHosts: [{ host: 'cache', ip: '10.0.0.1' }] }],
  ['a ulimit', { ulimits: [{ name: 'nofile', soft: 1, hard: 1 }] }],
  ['a mount less', { mounts: exec.mounts.slice(0, 2) }],
  ['a mount that became read-only', { mounts: exec.mounts.map((mount) => ({ ...mount, readonly: true })) }],
] as const satisfies readonly (readonly [string, Partial<ExecOp>])[])(
  'SEM-12 opKey() of an exec op changes with %s',
  ([, change]) => {
    expect(keyOfOp({ ...exec, ...change })).not.toBe(keyOfOp(exec));
  },
);

test.for([
  ['a proxy', { proxyEnv: { http: 'http://proxy:3128' } }],
  ['the address of an extra host', { extraHosts: [{ host: 'db', ip: '10.0.0.2' }] }],
  [
    'how a cache mount is shared',
    { mounts: exec.mounts.map((mount) => (mount.type === 'cache' ? { ...mount, sharing: 'locked' as const } : mount)) },
  ],
] as const satisfies readonly (readonly [string, Partial<ExecOp>])[])(
  'DF-ARG-10 opKey() of an exec op does not change with %s',
  ([, change]) => {
    expect(keyOfOp({ ...exec, ...change })).toBe(keyOfOp(exec));
  },
);

test.for([
  ['the destination', { dest: '/c' }],
  ['the source path', { src: '/c' }],
  ['--chown', { owner: { user: { kind: 'id', id: 1 } } }],
  ['--chmod', { mode: 0o644 }],
  ['a symbolic --chmod', { modeStr: 'u+x' }],
  ['--exclude', { excludePatterns: ['*.md'] }],
  ['--parents', { includePatterns: ['a'] }],
  ['whether archives are extracted', { unpackArchives: true }],
] as const satisfies readonly (readonly [string, Partial<CopyAction>])[])(
  'SEM-09 opKey() of a copy changes with %s',
  ([, change]) => {
    const file = (action: CopyAction): Op => ({ kind: 'file', actions: [action] });
    expect(keyOfOp(file({ ...copy, ...change }))).not.toBe(keyOfOp(file(copy)));
  },
);
