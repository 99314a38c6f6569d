import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Digest, digestOf, type Platform } from '../oci/index.ts';
import type { CopyAction, Edge, ExecOp, FileAction, Mount, Op } from './op.ts';
import { decodeOp, encodeOp, makeVertex } from './op-codec.ts';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const below: Edge = { vertex: digestOf('below'), output: 0 };
const minusOne = 'ffffffffffffffffff01';
const ascii = (text: string): string => Buffer.from(text).toString('hex');
/** Tag and length, then the content: what a length-delimited field is on the wire. Content in hex, below 128 bytes or above. */
const field = (tag: string, hex: string): string => {
  const length = hex.length / 2;
  const varint = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return tag + Buffer.from(varint).toString('hex') + hex;
};
const constraints = '5a00';
const platform = `520e${field('0a', ascii('amd64'))}${field('12', ascii('linux'))}`;
const input = (edge: Edge): string =>
  field('0a', field('0a', ascii(edge.vertex)) + (edge.output === 0 ? '' : `10${edge.output.toString(16).padStart(2, '0')}`));

const plainExec: ExecOp = {
  kind: 'exec',
  args: ['/bin/true'],
  env: [],
  cwd: '/',
  user: '',
  hostname: '',
  network: 'default',
  insecure: false,
  mounts: [{ type: 'bind', dest: '/', readonly: false, input: 0, selector: '', output: 0 }],
  secretEnv: [],
  extraHosts: [],
  ulimits: [],
  cgroupParent: '',
  devices: [],
  proxyEnv: {},
};
const plainCopy: CopyAction = {
  action: 'copy',
  input: -1,
  secondaryInput: 0,
  output: 0,
  src: '/a',
  dest: '/b/',
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

interface Fixture {
  readonly name: string;
  readonly op: Op;
  readonly inputs: readonly Edge[];
  readonly platform?: Platform;
  readonly hex: string;
}

const meta = (rest: string): string => field('0a', field('0a', ascii('/bin/true')) + rest + '5801');
const rootMount = '12031a012f';
const fixtures: readonly Fixture[] = [
  {
    name: 'an image source: platform and empty constraints written, no attributes',
    op: { kind: 'source', identifier: 'docker-image://x', attrs: {} },
    inputs: [],
    platform: amd64,
    hex: field('1a', field('0a', ascii('docker-image://x'))) + platform + constraints,
  },
  {
    name: 'a local source: attributes sorted by key, an empty value written',
    op: { kind: 'source', identifier: 'local://c', attrs: { b: '', a: '1' } },
    inputs: [],
    hex: field('1a', `${field('0a', ascii('local://c'))}12060a016112013112050a01621200`) + constraints,
  },
  {
    name: 'an exec: index 0, output 0 and default network left out',
    op: plainExec,
    inputs: [below],
    platform: amd64,
    hex: input(below) + field('12', meta('1a012f') + rootMount) + platform + constraints,
  },
  {
    name: 'an exec with each kind of mount',
    op: {
      ...plainExec,
      network: 'none',
      insecure: true,
      mounts: [
        { type: 'tmpfs', dest: '/t', readonly: false, sizeBytes: 300 },
        { type: 'cache', dest: '/c', readonly: false, input: -1, selector: '', id: 'i', sharing: 'locked' },
        { type: 'secret', dest: '/s', readonly: true, id: 'k', uid: 0, gid: 0, mode: 0o400, optional: true },
      ],
      secretEnv: [{ id: 'k', name: 'K', optional: false }],
    },
    inputs: [],
    hex:
      field(
        '12',
        meta('1a012f') +
          field('12', `08${minusOne}1a022f7420${minusOne}30049a010308ac02`) +
          field('12', `08${minusOne}1a022f6320${minusOne}3003a201050a01691002`) +
          field('12', `08${minusOne}1a022f7320${minusOne}28013001aa01080a016b2080022801`) +
          '18022001' +
          '2a060a016b12014b',
      ) + constraints,
  },
  {
    name: 'a copy onto the empty file system: -1 is ten bytes',
    op: { kind: 'file', actions: [plainCopy] },
    inputs: [below],
    hex:
      input(below) +
      field(
        '22',
        field('12', `08${minusOne}${field('22', `0a022f6112032f622f20${minusOne}28013001400148015001` + `58${minusOne}`)}`),
      ) +
      constraints,
  },
  {
    name: 'an owner: id 0 is written, a name carries its input',
    op: {
      kind: 'file',
      actions: [
        {
          action: 'mkdir',
          input: 0,
          secondaryInput: -1,
          output: 0,
          path: '/w',
          mode: 0o755,
          makeParents: true,
          owner: { user: { kind: 'id', id: 0 }, group: { kind: 'name', name: 'g', input: 1 } },
          timestampNs: -1n,
        },
      ],
    },
    inputs: [below],
    hex:
      input(below) +
      field(
        '22',
        field(
          '12',
          `10${minusOne}${field('32', `0a022f7710ed03180122` + `0d0a021000` + `12070a050a01671001` + `28${minusOne}`)}`,
        ),
      ) +
      constraints,
  },
  {
    name: 'an mkfile and an rm, the second on the result of the first',
    op: {
      kind: 'file',
      actions: [
        {
          action: 'mkfile',
          input: -1,
          secondaryInput: -1,
          output: -1,
          path: '/f',
          mode: 0o644,
          data: new Uint8Array([104, 105]),
          timestampNs: -1n,
        },
        { action: 'rm', input: 0, secondaryInput: -1, output: 0, path: '/f', allowNotFound: true, allowWildcard: false },
      ],
    },
    inputs: [],
    hex:
      field(
        '22',
        field('12', `08${minusOne}10${minusOne}18${minusOne}${field('2a', `0a022f6610a4031a02686928${minusOne}`)}`) +
          field('12', `10${minusOne}${field('3a', '0a022f661001')}`),
      ) + constraints,
  },
  {
    name: 'a merge of output 2 of one vertex and nothing',
    op: { kind: 'merge', inputs: [0, -1] },
    inputs: [{ ...below, output: 2 }],
    hex: input({ ...below, output: 2 }) + field('32', `0a000a0b08${minusOne}`) + constraints,
  },
  {
    name: 'a diff against nothing: both sides present though one is zero',
    op: { kind: 'diff', lower: -1, upper: 0 },
    inputs: [below],
    hex: input(below) + field('3a', `0a0b08${minusOne}1200`) + constraints,
  },
];

test.for(fixtures)('encodeOp() writes $name', ({ op, inputs, platform, hex }) => {
  const bytes = encodeOp(op, inputs, platform);
  expect(Buffer.from(bytes).toString('hex')).toBe(hex);
  expect(decodeOp(bytes)).toEqual({ op, inputs, platform });
});

const name = fc.string({ maxLength: 6, unit: 'grapheme' });
const index = fc.integer({ min: -1, max: 4 });
const id = fc.integer({ min: 0, max: 0xffffffff });
const edges = fc.array(
  fc.record({ vertex: name.map((text): Digest => digestOf(text)), output: fc.integer({ min: 0, max: 3 }) }),
  { maxLength: 3 },
);
const owner = fc.option(
  fc.record({
    user: fc.oneof(
      fc.record({ kind: fc.constant('id' as const), id }),
      fc.record({ kind: fc.constant('name' as const), name, input: index }),
    ),
    group: fc.option(fc.record({ kind: fc.constant('id' as const), id }), { nil: undefined }),
  }),
  { nil: undefined },
);
const timestampNs = fc.bigInt({ min: -1n, max: 2n ** 62n });
const place = { input: index, secondaryInput: index, output: index };
const mode = fc.integer({ min: -1, max: 0o7777 });
const flag = fc.boolean();
const action: fc.Arbitrary<FileAction> = fc.oneof(
  fc.record({
    action: fc.constant('copy' as const),
    ...place,
    src: name,
    dest: name,
    owner,
    mode,
    modeStr: name,
    followSymlink: flag,
    dirCopyContents: flag,
    unpackArchives: flag,
    createDestPath: flag,
    allowWildcard: flag,
    allowEmptyWildcard: flag,
    includePatterns: fc.array(name, { maxLength: 3 }),
    excludePatterns: fc.array(name, { maxLength: 3 }),
    alwaysReplaceExistingDestPaths: flag,
    requiredPaths: fc.array(name, { maxLength: 3 }),
    timestampNs,
  }),
  fc.record({
    action: fc.constant('mkfile' as const),
    ...place,
    path: name,
    mode,
    data: fc.uint8Array({ maxLength: 200 }),
    owner,
    timestampNs,
  }),
  fc.record({ action: fc.constant('mkdir' as const), ...place, path: name, mode, makeParents: flag, owner, timestampNs }),
  fc.record({ action: fc.constant('rm' as const), ...place, path: name, allowNotFound: flag, allowWildcard: flag }),
  fc.record({ action: fc.constant('symlink' as const), ...place, oldpath: name, newpath: name, owner, timestampNs }),
);
const mountBase = { dest: name, readonly: flag };
const mount: fc.Arbitrary<Mount> = fc.oneof(
  fc.record({ type: fc.constant('bind' as const), ...mountBase, input: index, selector: name, output: index }),
  fc.record({
    type: fc.constant('cache' as const),
    ...mountBase,
    input: index,
    selector: name,
    id: name,
    sharing: fc.constantFrom('shared' as const, 'private' as const, 'locked' as const),
  }),
  fc.record({ type: fc.constant('tmpfs' as const), ...mountBase, sizeBytes: fc.maxSafeNat() }),
  fc.record({
    type: fc.constantFrom('secret' as const, 'ssh' as const),
    ...mountBase,
    id: name,
    uid: id,
    gid: id,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    optional: flag,
  }),
);
const exec: fc.Arbitrary<ExecOp> = fc.record({
  kind: fc.constant('exec' as const),
  args: fc.array(name, { maxLength: 4 }),
  env: fc.array(name, { maxLength: 4 }),
  cwd: name,
  user: name,
  hostname: name,
  network: fc.constantFrom('default' as const, 'host' as const, 'none' as const),
  insecure: flag,
  mounts: fc.array(mount, { maxLength: 4 }),
  secretEnv: fc.array(fc.record({ id: name, name, optional: flag }), { maxLength: 2 }),
  extraHosts: fc.array(fc.record({ host: name, ip: name }), { maxLength: 2 }),
  ulimits: fc.array(fc.record({ name, soft: fc.integer({ min: -1 }), hard: fc.maxSafeNat() }), { maxLength: 2 }),
  cgroupParent: name,
  devices: fc.array(fc.record({ name, optional: flag }), { maxLength: 2 }),
  proxyEnv: fc.constantFrom({}, { http: 'h' }, { https: 'h', no: 'a,b', all: 'x' }),
});
const attrs = fc.dictionary(name, name, { maxKeys: 6, noNullPrototype: true });
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('source' as const), identifier: name, attrs }),
  exec,
  fc.record({ kind: fc.constant('file' as const), actions: fc.array(action, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('merge' as const), inputs: fc.array(index, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('diff' as const), lower: index, upper: index }),
);
const anyPlatform = fc.constantFrom<Platform | undefined>(
  undefined,
  amd64,
  { os: 'linux', architecture: 'arm', variant: 'v7' },
  { os: 'windows', architecture: 'amd64', osVersion: '10.0' },
);

test('decodeOp() is the inverse of encodeOp()', () => {
  fc.assert(
    fc.property(op, edges, anyPlatform, (value, inputs, platform) => {
      expect(decodeOp(encodeOp(value, inputs, platform))).toEqual({ op: value, inputs, platform });
    }),
  );
});

test('makeVertex() names a source alike whatever the order of its attributes', () => {
  fc.assert(
    fc.property(attrs, (members) => {
      const reversed = Object.fromEntries(Object.entries(members).reverse());
      const one = makeVertex({ kind: 'source', identifier: 'local://c', attrs: members }, []);
      const two = makeVertex({ kind: 'source', identifier: 'local://c', attrs: reversed }, []);
      expect(two.digest).toBe(one.digest);
    }),
  );
});

test('encodeOp() orders attributes by their UTF-8 bytes, not by UTF-16 units', () => {
  const bytes = encodeOp({ kind: 'source', identifier: 'x', attrs: { '\u{1f600}': 'later', '\uff5e': 'sooner' } }, []);
  const written = Buffer.from(bytes).toString();
  expect(written.indexOf('sooner')).toBeLessThan(written.indexOf('later'));
});

const refused = [
  { name: 'a truncated message', hex: '1a10', code: 'GRAPH_BAD_BYTES' },
  { name: 'a field it does not know', hex: '12060a025801a00601', code: 'GRAPH_UNSUPPORTED' },
  { name: 'an op of another kind', hex: '2a005a00', code: 'GRAPH_UNSUPPORTED' },
  { name: 'no op at all', hex: '5a00', code: 'GRAPH_UNSUPPORTED' },
  { name: 'an input that is no digest', hex: '0a030a0178' + '1a030a0178', code: 'GRAPH_BAD_BYTES' },
  { name: 'a member that runs past its message', hex: '1a030a7f78', code: 'GRAPH_BAD_BYTES' },
];
test.for(refused)('decodeOp() refuses $name', ({ hex, code }) => {
  expect(() => decodeOp(Buffer.from(hex, 'hex'))).toThrowError(expect.objectContaining({ code }));
});
