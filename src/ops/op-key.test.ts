import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CopyAction, type ExecOp, makeVertex, type Op } from '../graph/index.ts';
import { digestOf } from '../oci/index.ts';
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

const chown = { user: { kind: 'name', name: 'node', input: 0 }, group: { kind: 'id', id: 5 } } as const;
const place = { input: 0, secondaryInput: 1, output: 0, owner: chown, timestampNs: 7n } as const;

/** An op of each kind, with something in every field. */
const full: Readonly<Record<string, Op>> = {
  source: { kind: 'source', identifier: 'docker-image://a', attrs: { a: 'b' } },
  exec: {
    ...exec,
    hostname: 'h',
    user: 'u',
    mounts: [
      { type: 'bind', dest: '/b', readonly: false, input: 0, selector: '/s', output: 0 },
      { type: 'cache', dest: '/c', readonly: false, input: 1, selector: '/s', id: 'c', sharing: 'shared' },
      { type: 'tmpfs', dest: '/t', readonly: false, sizeBytes: 1 },
      { type: 'secret', dest: '/x', readonly: true, id: 'x', uid: 1, gid: 1, mode: 0o400, optional: true },
      { type: 'ssh', dest: '/y', readonly: true, id: 'y', uid: 1, gid: 1, mode: 0o600, optional: true },
    ],
    secretEnv: [{ id: 'x', name: 'X', optional: true }],
    ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    cgroupParent: 'g',
    devices: [{ name: 'vendor.com/class=a', optional: true }],
    proxyEnv: { http: 'p' },
  },
  copy: {
    kind: 'file',
    actions: [{ ...copy, ...place, includePatterns: ['a'], excludePatterns: ['b'], requiredPaths: ['c'], modeStr: 'u+x' }],
  },
  mkfile: { kind: 'file', actions: [{ ...place, action: 'mkfile', path: '/a', mode: 0o644, data: Buffer.from('text') }] },
  mkdir: { kind: 'file', actions: [{ ...place, action: 'mkdir', path: '/a', mode: 0o755, makeParents: true }] },
  rm: {
    kind: 'file',
    actions: [{ action: 'rm', input: 0, secondaryInput: -1, output: 0, path: '/a', allowNotFound: true, allowWildcard: true }],
  },
  symlink: { kind: 'file', actions: [{ ...place, action: 'symlink', oldpath: '/a', newpath: '/b' }] },
  merge: { kind: 'merge', inputs: [0, 1] },
  diff: { kind: 'diff', lower: 0, upper: 1 },
};

/** Without the vertex's bytes: some of the ops below can't be written. */
const bareKey = (op: Op): string => keyOf('op', opKey({ op, inputs: [], digest: digestOf('') }));

/** What a result does not depend on, or what its other parts say already. */
const uncounted = [/^extraHosts 0 ip$/, /^proxyEnv /, /^mounts 1 sharing$/, /^mounts [34] readonly$/];

/** Every value in `node` by its path, each with a copy of `node` in which that value alone is another one. */
function* changes(node: unknown, path = ''): Generator<readonly [path: string, changed: unknown]> {
  const other = changed(node);
  if (other !== undefined) {
    yield [path, other];
    return;
  }
  if (Array.isArray(node)) yield [`${path} (one more)`, [...(node as readonly unknown[]), ...(node as readonly unknown[])]];
  for (const [name, value] of Object.entries(node as object)) {
    for (const [inner, replaced] of changes(value, path === '' ? name : `${path} ${name}`)) {
      const copied: unknown = Array.isArray(node)
        ? (node as readonly unknown[]).map((each, index) => (String(index) === name ? replaced : each))
        : { ...(node as object), [name]: replaced };
      yield [inner, copied];
    }
  }
}

function changed(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return `${value}x`;
    case 'number':
      return value + 1;
    case 'bigint':
      return value + 1n;
    case 'boolean':
      return !value;
    default:
      return value instanceof Uint8Array ? Buffer.concat([value, value]) : undefined;
  }
}

test.for(Object.keys(full))('opKey() of the op %s changes with every field, but for those that are named here', (name) => {
  const op = full[name] as Op;
  const [counted, free] = [[] as string[], [] as string[]];
  for (const [path, other] of changes(op)) {
    if (/(?:^| )(?:kind|action|type)$/.test(path)) continue; // there is no such op
    const isSame = bareKey(other as Op) === bareKey(op);
    (isSame ? free : counted).push(path);
  }
  expect(counted.length).toBeGreaterThan(0);
  expect(free.filter((path) => !uncounted.some((pattern) => pattern.test(path)))).toEqual([]);
});

test('opKey() keeps what looks secret as a digest only, and still tells one value from another', () => {
  const withToken = (value: string): Op => ({ ...exec, env: [`API_TOKEN=${value}`] });
  expect(JSON.stringify(opKey(makeVertex(withToken('hunter2'), [])))).not.toContain('hunter2');
  expect(keyOfOp(withToken('hunter2'))).not.toBe(keyOfOp(withToken('hunter3')));
});

test('opKey() of no two different ops are one, wherever words, blanks and separators stand', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', '\n', '=', '/'), maxLength: 4 });
  const mount = fc.record({
    type: fc.constant('tmpfs' as const),
    dest: word,
    readonly: fc.boolean(),
    sizeBytes: fc.integer({ min: 0, max: 2 }),
  });
  const some = fc.record({
    args: fc.array(word, { maxLength: 3 }),
    env: fc.array(word, { maxLength: 3 }),
    cwd: word,
    user: word,
    hostname: word,
    cgroupParent: word,
    mounts: fc.array(mount, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(some, some, (a, b) => {
      const [one, two] = [keyOfOp({ ...exec, ...a }), keyOfOp({ ...exec, ...b })];
      expect(one === two).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
