import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, loadImages } from '../../src/index.ts';
import { Builder } from '../kernel/support/builder.ts';
import { succeed } from '../kernel/support/slipway.ts';

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const docker = join(peers, 'docker');
const buildah = join(peers, 'buildah');
const name = 'slipway-peers-output:1';

let builder: Builder;
let imageId = '';
beforeAll(async () => {
  builder = await Builder.open();
  const made = await build({
    dockerfile: 'FROM base-image\nRUN mkdir /d && echo x > /d/f && ln /d/f /d/h && chown 5:6 /d/f\nCMD ["cat", "/d/h"]',
    context: builder.context(),
    outputs: (['docker', 'oci'] as const).map((type) => ({ type, dest: archive(type), names: [name] })),
    engine: builder.engine,
  });
  imageId = made.imageId ?? '';
});
afterAll(() => builder[Symbol.dispose]());

function archive(type: 'docker' | 'oci'): string {
  return join(builder.scratch, `${type}.tar`);
}

for (const type of ['docker', 'oci'] as const) {
  test(`docker loads and runs what -o type=${type} wrote, and what it saves loads here`, async ({ skip }) => {
    if (!existsSync(docker)) skip(`there is no ${docker}: set SLIPWAY_PEERS`);
    expect(await succeed(docker, ['load', '-q', '-i', archive(type)])).toContain(name);
    try {
      expect(await succeed(docker, ['run', '--rm', '--network=host', name])).toBe('x\n');
      const saved = join(builder.scratch, `saved-${type}.tar`);
      await succeed(docker, ['save', '-o', saved, name]);
      const loaded = await loadImages({ source: saved, engine: { root: join(builder.scratch, `store-${type}`) } });
      expect(loaded.map((image) => image.imageId)).toEqual([imageId]);
    } finally {
      await succeed(docker, ['rmi', name]);
    }
  });

  test(`buildah pulls what -o type=${type} wrote`, async ({ skip }) => {
    if (!existsSync(buildah)) skip(`there is no ${buildah}: set SLIPWAY_PEERS`);
    const id = (await succeed(buildah, ['pull', '-q', `${type}-archive:${archive(type)}`])).trim();
    try {
      expect(`sha256:${id}`).toBe(imageId);
    } finally {
      await succeed(buildah, ['rmi', '-f', id]);
    }
  });
}
