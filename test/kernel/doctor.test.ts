import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { doctor } from '../../src/index.ts';
import { needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime');

kernel.test('doctor() finds what this machine has by trying it, and leaves nothing behind', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-doctor-'));
  try {
    const findings = await doctor({ engine: { root } });
    const states = new Map(findings.map(({ name, state }) => [name, state]));
    for (const name of ['node', 'user', 'store', 'overlayfs', 'runtime']) expect([name, states.get(name)]).toEqual([name, 'ok']);
    expect(mountsBelow(root)).toEqual([]);
    expect(readdirSync(join(root, 'ingest'))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

kernel.test('doctor() tells a runtime that is not there, with what was tried', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-doctor-'));
  try {
    const findings = await doctor({ engine: { root, runtime: 'podman' } });
    expect(findings.find(({ name }) => name === 'runtime')).toMatchObject({
      state: 'broken',
      detail: expect.stringContaining('podman') as string,
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
