import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDeviceRegistry } from './registry.ts';

let low = '';
let high = '';
beforeEach(() => {
  [low = '', high = ''] = ['low', 'high'].map((name) => mkdtempSync(join(tmpdir(), `slipway-cdi-${name}-`)));
});
afterEach(() => [low, high].forEach((directory) => rmSync(directory, { recursive: true })));

function write(directory: string, name: string, devices: readonly object[], more: object = {}): void {
  writeFileSync(join(directory, name), JSON.stringify({ cdiVersion: '0.6.0', kind: 'v.example/c', devices, ...more }));
}
const device = (name: string, env: string): object => ({ name, containerEdits: { env: [env] } });

test('a later directory counts over an earlier one, and two files of one directory cancel each other', () => {
  write(low, 'a.json', [device('x', 'X=low'), device('y', 'Y=low'), device('z', 'Z=low')]);
  write(high, 'a.json', [device('x', 'X=high'), device('y', 'Y=1')]);
  write(high, 'b.json', [device('y', 'Y=2')]);
  const registry = readDeviceRegistry([low, high, '/nowhere']);
  expect(registry.find({ name: 'v.example/c=*', optional: false })).toEqual(['v.example/c=x', 'v.example/c=z']);
  expect(registry.edits(['v.example/c=x', 'v.example/c=z']).env).toEqual(['X=high', 'Z=low']);
});

test('the edits of a specification are made once, before those of its devices', () => {
  const common = { containerEdits: { env: ['ALL=1'], additionalGids: [44, 44] } };
  write(low, 'a.json', [device('x', 'X=1'), device('y', 'Y=1')], common);
  expect(readDeviceRegistry([low]).edits(['v.example/c=x', 'v.example/c=y'])).toEqual({
    env: ['ALL=1', 'X=1', 'Y=1'],
    nodes: [],
    mounts: [],
    hooks: [],
    additionalGids: [44],
  });
});

test('a device allows itself by an annotation of its own or of its specification', () => {
  const annotations = { 'org.mobyproject.buildkit.device.autoallow': true };
  write(low, 'a.json', [{ ...device('x', 'A=1'), annotations }, device('y', 'A=1')]);
  const registry = readDeviceRegistry([low]);
  expect(['x', 'y'].map((name) => registry.isAutoAllowed(`v.example/c=${name}`))).toEqual([true, false]);
  write(low, 'a.json', [device('y', 'A=1')], { annotations });
  expect(readDeviceRegistry([low]).isAutoAllowed('v.example/c=y')).toBe(true);
});

test('a node or a mount that this machine lacks is an error with its path', () => {
  write(low, 'a.json', [
    { name: 'node', containerEdits: { deviceNodes: [{ path: '/dev/not-there' }] } },
    { name: 'mount', containerEdits: { mounts: [{ hostPath: '/not-there', containerPath: '/x' }] } },
  ]);
  const registry = readDeviceRegistry([low]);
  expect(() => registry.edits(['v.example/c=node'])).toThrow('`/dev/not-there` of this machine is not a device');
  expect(() => registry.edits(['v.example/c=mount'])).toThrow('`/not-there` of this machine is not there');
});

test.for([
  [{ cdiVersion: '9.0.0' }, 'cdiVersion "9.0.0" is not known'],
  [{ kind: 'nothing' }, 'kind "nothing" is not written as vendor.com/class'],
  [{ devices: {} }, 'the specification: devices is not a list'],
  [{ devices: [{ name: '-' }] }, 'devices[0]: "-" is no name of a device'],
  [{ devices: [{ name: 'a', containerEdits: { env: ['x'] } }] }, 'containerEdits.env: "x" is not written as NAME=value'],
  [{ containerEdits: { hooks: [{ hookName: 'later', path: '/x' }] } }, 'containerEdits.hooks[0]: "later" is no hook'],
  [{ containerEdits: { mounts: [{ hostPath: 'x', containerPath: '/x' }] } }, 'hostPath "x" is not an absolute path'],
  [{ containerEdits: { intelRdt: {} } }, 'containerEdits: intelRdt is not supported'],
] as const)('a specification with %j is not used, and the error that a device is missing says why', ([wrong, why]) => {
  write(low, 'a.json', [], wrong);
  expect(() => readDeviceRegistry([low]).find({ name: 'v.example/c=a', optional: false })).toThrow(
    expect.objectContaining({ code: 'SANDBOX_NO_DEVICE', hint: expect.stringContaining(why) as string }) as Error,
  );
});
